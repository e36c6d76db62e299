"""The catalog: every view is an .sql file whose header says what it answers.

A header is the file's leading `--` lines; one that begins with three blanks goes on with the
line before. The first is the question; the others are

    axis: sessions | tools | files | time | attribution
    grain: columns that identify a row
    key: the column of the grain that rows are recomputed by (the first, if left out)
    within: session                 the query reads of messages, tool_calls, file_touches and
                                    responses only the rows of the sessions that are its keys
    dirty: TABLE.COLUMN             rows of TABLE that changed make their COLUMN dirty
    dirty: TABLE.JOIN -> OTHER.KEY  they make dirty the KEY of OTHER's rows with the same JOIN
    dirty: SELECT ...               any query for keys, in which changed(TABLE) are such rows
    expires: COLUMN                 rows are recomputed when the time in COLUMN is past
    refresh: SECONDS                not more often than that; left out: on every tick
    column NAME: UNIT | meaning

A TABLE may be another view. The query calls `dirty(key)` on whatever carries the key, as deep
inside as it can, so that a refresh reads only what it has to, and `clock()` for the time. A view
without a `dirty` line is recomputed whole. Both may also call these, of `macros/*.sql`:

    runs_commands(tool)             whether it is a tool that runs shell commands
    command_of(input)               the shell command in a call's input
    commands_in(command)            its simple commands, a list: each begins with its program
    program_of(piece)               the program of one of these
    subcommand_of(piece)            the word after it: git's commit
    family_of(family, piece)        git, test, build, lint ...; other; `family` is the program's in
                                    the table known_programs, NULL if it is not there
    subject_of(tool, input)         a call's command, file, pattern or address in one line
    polls(tool)                     whether it only asks how far a process is
    field_of(input, 'name|other')   a text field of an input that may be cut off
    telling_line(output)            the line of a failed call's output that says what went wrong
    signature_of(line)              that line without what varies in it
    bucket_of(milliseconds)         for histograms; seconds_of(bucket) is its middle
    waited_ms(called_at, returned_at)  milliseconds by the times of the lines; NULL for none
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from session_lattice.errors import StoreError, ViewError
from session_lattice.store import dirt as dirt_line
from session_lattice.store import macros
from session_lattice.store.database import OWN_TABLES
from session_lattice.store.dirt import Dirt

MAX_VIEW_BYTES = 256 * 1024
"""A view's file may have this many bytes."""

MAX_USER_VIEWS = 200
"""Files read from the home's views/ at most."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_COLUMN = re.compile(r"column\s+(\w+)\s*:\s*([^|]*)\|\s*(.*)")
_SINGLE = re.compile(r"(axis|grain|key|within|expires|refresh):")
CONTINUED = "--   "
WITHIN = "session"


@dataclass(frozen=True, slots=True)
class View:
    """One view; `documented` is column → (unit, meaning)."""

    name: str
    question: str
    axis: str
    grain: tuple[str, ...]
    key: str
    within: bool
    """Whether the query reads of the large tables only its own sessions' rows."""

    dirt: tuple[Dirt, ...]
    expires: str
    """The column with the time at which a row is recomputed; empty for none."""

    documented: dict[str, tuple[str, str]]
    refresh_seconds: float | None
    origin: str
    sql: str
    reads: frozenset[str]
    """Base tables and views, of which the catalog comes to know; empty before."""

    definition: str
    """Changes with the file's text and the functions it calls; a view is rebuilt when it does."""

    @property
    def follows(self) -> frozenset[str]:
        """Base tables and views whose changes make its keys dirty."""
        return frozenset().union(*(dirt.changed for dirt in self.dirt))


@dataclass(frozen=True, slots=True)
class Catalog:
    """Views in an order in which each comes after those that it reads; and what is wrong."""

    views: list[View]
    errors: list[ViewError] = field(default_factory=list)


def load(user_views: Path, tables_in: Callable[[str], set[str]], *, tried: str = "") -> Catalog:
    """The built-in views and those of the home; a bad one is left out and reported.

    The home's view `tried` stands for a built-in one of that name.
    """
    errors: list[ViewError] = []
    views = {view.name: view for view in _read_all(_built_in(), "built-in", errors)}
    views.pop(tried, None)
    for view in _read_all(_user(user_views), "user", errors):
        if view.name in views:
            errors.append(ViewError(view.name, "the name is taken", hint="rename its file"))
        else:
            views[view.name] = view
    return Catalog(_ordered(views, tables_in, errors), errors)


def signature(user_views: Path) -> frozenset[tuple[str, int, int]]:
    """Differs whenever a file of the home's views came, went or was written."""
    try:
        files = [(path.name, path.stat()) for path in user_views.glob("*.sql")]
    except OSError:
        return frozenset({("one went while it was looked at", 0, 0)})
    return frozenset((name, seen.st_mtime_ns, seen.st_size) for name, seen in files)


def read(file: Path) -> View:
    """The view of one file, by the file's name. Raises ViewError."""
    return parse(file.stem, _text(file.stem, file), "user")


def _built_in() -> list[Traversable]:
    folder = resources.files("session_lattice").joinpath("views")
    axes = sorted((item for item in folder.iterdir() if item.is_dir()), key=lambda i: i.name)
    return [file for axis in axes for file in _sql_files(axis.iterdir())]


def _user(folder: Path) -> list[Traversable]:
    return _sql_files(folder.iterdir())[:MAX_USER_VIEWS] if folder.is_dir() else []


def _sql_files(items: Iterable[Traversable]) -> list[Traversable]:
    return sorted((item for item in items if item.name.endswith(".sql")), key=lambda i: i.name)


def _read_all(files: list[Traversable], origin: str, errors: list[ViewError]) -> list[View]:
    views = []
    for file in files:
        name = file.name.removesuffix(".sql")
        try:
            views.append(parse(name, _text(name, file), origin))
        except ViewError as error:
            errors.append(error)
    return views


def _text(name: str, file: Traversable) -> str:
    try:
        content = file.read_bytes()
        if len(content) > MAX_VIEW_BYTES:
            raise ViewError(
                name, f"it has {len(content)} bytes", hint=f"at most {MAX_VIEW_BYTES} are read"
            )
        return content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ViewError(
            name, f"it cannot be read: {error}", hint="mend the file or remove it"
        ) from error


def parse(name: str, text: str, origin: str) -> View:
    """A view from its file's text; raises ViewError saying what the header lacks."""
    if not _NAME.fullmatch(name) or name in OWN_TABLES:
        raise ViewError(
            name, "the name cannot be used", hint="lower case, digits, _; not a base table's"
        )
    lines = text.splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    header = _header(lines[:end])
    sql = "\n".join(lines[end:]).strip().rstrip(";")
    if not header or not sql:
        raise ViewError(
            name,
            "it has no header or no query",
            hint="begin with `-- question` and `-- grain: ...`",
        )
    single = dict(line.split(":", 1) for line in header[1:] if _SINGLE.match(line))
    grain = tuple(part.strip() for part in single.get("grain", "").split(",") if part.strip())
    if not grain:
        raise ViewError(name, "its header has no grain", hint="add `-- grain: column, column`")
    return View(
        name=name,
        question=header[0],
        axis=single.get("axis", "user").strip(),
        grain=grain,
        key=single.get("key", grain[0]).strip(),
        within=_within(name, single.get("within", ""), single.get("key", grain[0]).strip()),
        dirt=tuple(
            dirt_line.parse(name, line[6:].strip()) for line in header if line.startswith("dirty:")
        ),
        expires=single.get("expires", "").strip(),
        documented={
            m[1]: (m[2].strip(), m[3].strip()) for m in map(_COLUMN.fullmatch, header) if m
        },
        refresh_seconds=_seconds(name, single.get("refresh")),
        origin=origin,
        sql=sql,
        reads=frozenset(),
        definition=_fingerprint(text + macros.behind(text)),
    )


def _fingerprint(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _header(lines: list[str]) -> list[str]:
    header: list[str] = []
    for line in lines:
        if header and line.startswith(CONTINUED):
            header[-1] += " " + line[2:].strip()
        else:
            header.append(line[2:].strip())
    return header


def _within(name: str, text: str, key: str) -> bool:
    if text.strip() not in ("", WITHIN) or (text.strip() and key != WITHIN):
        raise ViewError(
            name, f"cannot read `within:{text}`", hint="only `within: session` with that key"
        )
    return bool(text.strip())


def _seconds(name: str, text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError as error:
        raise ViewError(
            name, f"cannot read `refresh:{text}`", hint="write a number of seconds"
        ) from error


def _reads(view: View, tables_in: Callable[[str], set[str]]) -> set[str]:
    """What the view reads; for its dirty keys it may look into itself."""
    for_keys = [tables_in(dirt.plain) for dirt in view.dirt]
    return (tables_in(view.sql) | set().union(*for_keys) - {view.name}) - macros.names()


def _ordered(
    views: dict[str, View], tables_in: Callable[[str], set[str]], errors: list[ViewError]
) -> list[View]:
    reads: dict[str, set[str]] = {}
    for name, view in tuple(views.items()):
        try:
            found = _reads(view, tables_in)
            views[name] = replace(view, reads=frozenset(found))
            reads[name] = found & views.keys()
        except StoreError as error:
            errors.append(ViewError(name, error.what, hint="mend its query"))
    while True:
        try:
            order = TopologicalSorter(reads).static_order()
            return [views[name] for name in order if name in reads]
        except CycleError as error:
            circle = set(error.args[1])
            for name in sorted(circle):
                errors.append(
                    ViewError(name, f"it reads itself through {', '.join(sorted(circle))}")
                )
                del reads[name]
