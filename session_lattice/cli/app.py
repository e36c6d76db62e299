"""The command line: options for every command, and where each command is defined."""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

from session_lattice import __version__
from session_lattice.config import LOG_LEVELS, PROFILES

COMMANDS = {
    "up": "session_lattice.cli.daemons",
    "serve-puller": "session_lattice.cli.daemons",
    "serve-reads": "session_lattice.cli.daemons",
    "serve-recall": "session_lattice.cli.recall",
    "pull": "session_lattice.cli.pull",
    "tail": "session_lattice.cli.tail",
    "status": "session_lattice.cli.state",
    "views": "session_lattice.cli.views",
    "view": "session_lattice.cli.inspect",
    "sessions": "session_lattice.cli.inspect",
    "session": "session_lattice.cli.inspect",
    "search": "session_lattice.cli.search",
    "config": "session_lattice.cli.state",
    "doctor": "session_lattice.cli.doctor",
}
"""Command → the module with the function or the group of that name, imported when it is used."""


class LazyCommands(TyperGroup):
    """A group whose commands are built from COMMANDS when they are asked for."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        # Names only, for the help and for suggestions; get_command builds the one that is used.
        self.commands = cast(Any, dict.fromkeys(COMMANDS))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        function = getattr(import_module(COMMANDS[cmd_name]), cmd_name.replace("-", "_"))
        if isinstance(function, typer.Typer):
            return typer.main.get_command(function)
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(cmd_name)(function)
        return typer.main.get_command(single)


app = typer.Typer(
    name="session-lattice",
    cls=LazyCommands,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 130 interrupted.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"session-lattice {__version__}")
        raise typer.Exit


@app.callback()
def options(
    profile: Annotated[str | None, typer.Option(help=f"One of {', '.join(PROFILES)}.")] = None,
    home: Annotated[str | None, typer.Option(help="The directory that holds everything.")] = None,
    transcripts: Annotated[
        str | None, typer.Option(help="Agents' homes, colon-separated.", metavar="PATHS")
    ] = None,
    log_level: Annotated[str | None, typer.Option(help=f"One of {', '.join(LOG_LEVELS)}.")] = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show it.")
    ] = False,
) -> None:
    """What coding agents did, kept and answered from one DuckDB file."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code of the command."""
    code = typer.main.get_command(app).main(
        list(arguments), prog_name="session-lattice", standalone_mode=True
    )
    return int(code or 0)
