"""Functions that views may call: the commands of an input, the kind of an error, durations.

They, and the table that goes with them, are temporary: each connection of the store defines
them anew from `macros/*.sql`.
"""

import re
from functools import cache
from importlib import resources

_DEFINED = re.compile(r"^CREATE OR REPLACE TEMP (?:MACRO|TABLE) (\w+)\b", re.MULTILINE)


@cache
def text() -> str:
    """All definitions."""
    folder = resources.files(__package__).joinpath("macros")
    files = sorted(folder.iterdir(), key=lambda item: item.name)
    return "\n".join(file.read_text("utf-8") for file in files if file.name.endswith(".sql"))


@cache
def names() -> frozenset[str]:
    """What they are called."""
    return frozenset(_DEFINED.findall(text()))


def behind(sql: str) -> str:
    """What else a query's rows depend on: the definitions, if it names any of them.

    A view is rebuilt when this differs, as it is when its own text does.
    """
    return text() if names() & set(re.findall(r"\w+", sql)) else ""
