"""The queries of the recall service, one file each."""

from functools import cache
from importlib import resources


@cache
def statement(name: str) -> str:
    """The text of `<name>.sql`."""
    return resources.files(__package__).joinpath(f"{name}.sql").read_text("utf-8")
