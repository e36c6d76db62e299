"""Where a view's dirty keys come from.

`changed(NAME)` in a query stands for the rows of NAME that changed: of a base table those above
the position, of a view those that its refreshes took away or put in since the pass.
"""

import re
from dataclasses import dataclass

from session_lattice.errors import ViewError

_SHORT = re.compile(r"(\w+)\.(\w+)(?:\s*->\s*(\w+)\.(\w+))?")
_CHANGED = re.compile(r"\bchanged\(\s*(\w+)\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Since:
    """What a view has taken in: the log up to `position`, refreshes up to `of_pass`."""

    position: int
    of_pass: int


@dataclass(frozen=True, slots=True)
class Dirt:
    """One `dirty:` line; `sql` gives the keys in its one column."""

    sql: str

    @property
    def changed(self) -> frozenset[str]:
        """Base tables and views whose changes make keys dirty."""
        return frozenset(_CHANGED.findall(self.sql))

    @property
    def plain(self) -> str:
        """The query over whole tables, to see what it reads."""
        return _CHANGED.sub(r"\1", self.sql)

    def query(self, since: Since, views: frozenset[str]) -> str:
        """Keys that became dirty since then; `views` are the names that are no base table."""

        def rows(match: re.Match[str]) -> str:
            name = match[1]
            if name in views:
                return f"(SELECT * FROM deltas.{name} WHERE changed > {since.of_pass})"
            return f"(SELECT * FROM {name} WHERE changed > {since.position})"

        return f"SELECT * FROM ({_CHANGED.sub(rows, self.sql)}) AS t(key)"


def parse(view: str, text: str) -> Dirt:
    """`TABLE.COLUMN`, `TABLE.JOIN -> OTHER.KEY` or a query. Raises ViewError."""
    if re.match(r"(SELECT|WITH)\b", text, re.IGNORECASE):
        return Dirt(text)
    match = _SHORT.fullmatch(text)
    if not match:
        raise ViewError(
            view, f"cannot read `dirty: {text}`", hint="write `dirty: table.column` or a SELECT"
        )
    table, column, other, key = match.groups()
    if not other:
        return Dirt(f"SELECT {column} FROM changed({table})")
    return Dirt(
        f"SELECT {key} FROM {other} WHERE {column} IN (SELECT {column} FROM changed({table}))"
    )
