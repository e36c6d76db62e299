"""Keeps the search index behind the store: a bounded step at a time, when there is time for it.

It follows the base tables and not the log, whose fold they are: each row says which position
last touched it. So there is one way through what is new, what was missed while the index was
away, and everything from the beginning, and it is of no matter what the log has given up.
"""

from collections.abc import Iterable, Iterator

from session_lattice.errors import DamagedIndexError, LatticeError
from session_lattice.home import Home
from session_lattice.search import file
from session_lattice.search.document import CALL, ERROR, Document, said
from session_lattice.search.index import ALL, Index, State
from session_lattice.store.store import Store
from session_lattice.store.texts import Text

STEP_TEXTS = 2_000
"""Texts of one step, a tenth of a second: who asks for a pull meanwhile waits so long."""


class Indexing:
    """The index of one home. What is wrong with it stops nothing else: it is in `problem`."""

    def __init__(self, home: Home) -> None:
        self._path = home.search
        self._index: Index | None = None
        self.problem: LatticeError | None = None

    def step(self, store: Store) -> bool:
        """Index some of what is missing; whether there is more to do."""
        try:
            more = self._step(self._opened(), store)
        except LatticeError as error:
            self._failed(error)
            return False
        if not more:
            self.problem = None
        return more

    def close(self) -> None:
        if self._index:
            index, self._index = self._index, None
            index.close()

    def _opened(self) -> Index:
        if self._index and self._index.lost:
            self.close()
        if self._index is None:
            try:
                self._index = Index(self._path)
            except DamagedIndexError as error:
                file.discard(self._path)
                self.problem = _replaced(error)
                self._index = Index(self._path)
        return self._index

    def _step(self, index: Index, store: Store) -> bool:
        state = index.state()
        epoch, position = store.applied_to()
        if state.epoch != epoch:
            index.begin(epoch, ALL, position)
        elif state.target is None:
            if state.position >= position:
                return False
            index.begin(epoch, state.position, position)
        return self._walk(index, index.state(), store)

    def _walk(self, index: Index, state: State, store: Store) -> bool:
        window = store.texts(state.position, state.walked, STEP_TEXTS)
        if window is None:
            index.end()
            # More may have changed behind what the walk has passed.
            return state.target != store.applied_to()[1]
        for chunk in window.chunks:
            index.add(documents(chunk))
        index.add((), window.until)
        return True

    def _failed(self, error: LatticeError) -> None:
        """Tell of it; what is damaged is made anew, from the beginning, at the next step."""
        self.problem = error
        try:
            self.close()
            if isinstance(error, DamagedIndexError):
                file.discard(self._path)
                self.problem = _replaced(error)
        except LatticeError as further:
            self.problem = further


def documents(texts: Iterable[Text]) -> Iterator[Document]:
    """What is to be found of them."""
    for text in texts:
        kind = text.kind or CALL
        whole = text.text if text.kind else said(text.text)
        common = {"subagent": text.subagent, "cwd": text.cwd, "tool": text.tool}
        if whole.strip():
            yield Document(text.session, text.source, kind, text.told_at, whole, **common)
        if text.failure.strip():
            yield Document(text.session, text.source, ERROR, text.failed_at, text.failure, **common)


def _replaced(error: LatticeError) -> LatticeError:
    return LatticeError(
        f"{error.what}: it is made anew",
        hint="wait; until it is done, searches find only a part",
    )
