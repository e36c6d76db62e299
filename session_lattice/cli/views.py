"""The command `views`: the catalog, and views of one's own."""

import random
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from session_lattice.cli import graph, options, tables
from session_lattice.cli.reading import chosen, from_home, print_json, remark
from session_lattice.cli.tables import Heading
from session_lattice.errors import LatticeError, NoGenerationError, RequestError
from session_lattice.home import Home
from session_lattice.reads import queries
from session_lattice.store import generations

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Sample = Annotated[bool, typer.Option("--sample", help="Look at the sample sessions.")]

views = typer.Typer(add_completion=False, rich_markup_mode=None, invoke_without_command=True)

TEMPLATE = """\
-- How many calls of each tool failed on each day?
-- axis: tools
-- grain: day, tool
-- key: day
-- dirty: SELECT called_at::DATE FROM changed(tool_calls)
-- column day: UTC | day of the call
-- column tool: | the tool's name, as the agent gave it
-- column calls: count | times called
-- column failed: count | calls whose result says that they failed
SELECT
    called_at::DATE AS day,
    name AS tool,
    count(*) AS calls,
    count(*) FILTER (WHERE NOT ok) AS failed
FROM tool_calls
WHERE dirty(called_at::DATE) AND name IS NOT NULL
GROUP BY day, tool
"""


@views.callback()
def list_views(context: typer.Context, as_json: Json = False, sample: Sample = False) -> None:
    """List the views: what each answers and how many rows it has."""
    if context.invoked_subcommand:
        return
    found = from_home(context, sample, queries.list_views)
    if as_json:
        print_json(found)
        return
    headings = [
        Heading("AXIS"),
        Heading("VIEW"),
        Heading("ROWS", right=True),
        Heading("ANSWERS", flexible=True),
    ]
    rows = [
        [view.axis, view.name, tables.shown(view.rows), view.error or view.question]
        for view in found.views
    ]
    print("\n".join(tables.table(headings, rows, tables.width())))


@views.command()
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Lower case letters, digits and _.")],
) -> None:
    """Write a view that works into the home's views/, to be changed into yours."""
    from session_lattice.store import catalog

    home = Home(options.settings(context).home)
    catalog.parse(name, TEMPLATE, "user")
    home.create()
    path = home.views / f"{name}.sql"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError as error:
        raise RequestError(f"{path} is there already", hint="take another name") from error
    print(path)
    remark(f"change it, then `session-lattice views check {tables.short_path(path)}`")


@views.command()
def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The view's .sql file.", exists=True)],
    seed: Annotated[int | None, typer.Option(help="Draw the same changes again.")] = None,
) -> None:
    """Try a view on a copy of what is published: grain, columns, dirty lines, time."""
    from session_lattice.store import catalog
    from session_lattice.store.check import trial

    settings, _ = chosen(context, sample=False)
    home = Home(settings.home)
    generation = generations.pointed_at(home)
    if generation is None:
        raise NoGenerationError(
            "nothing is published to try it on", hint="run `session-lattice serve-puller --once`"
        )
    view = catalog.read(file)
    seed = random.randrange(1_000_000) if seed is None else seed
    wrong = False
    with trial(home, generation.path, file, view, seed) as tried:
        for finding in tried.findings():
            mark = "wrong" if finding.wrong else "ok"
            print(f"{mark:<6} {finding.what}: {finding.figure}", flush=True)
            if finding.advice:
                print(f"       try: {finding.advice}")
            wrong |= finding.wrong
    if wrong:
        remark(f"the same changes again: --seed {seed}")
        raise typer.Exit(LatticeError.exit_code)


@views.command("graph")
def draw(
    context: typer.Context,
    svg: Annotated[Path | None, typer.Option(help="Write a picture there.")] = None,
    sample: Sample = False,
) -> None:
    """Draw which views are made of which, with rows, time and age."""
    found = from_home(context, sample, queries.list_views)
    if svg:
        with suppress(FileExistsError):
            svg.parent.mkdir(parents=True)
        svg.write_text(graph.svg(found.views), "utf-8")
        print(svg)
        return
    print("\n".join(graph.lines(found.views, tables.width())))
