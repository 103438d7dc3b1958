"""`evalctl board-pages`: the boards as pages, without a Grafana."""

from pathlib import Path
from typing import Annotated

import typer

from evalctl import checkout
from evalctl.terminal import console, fail, require_programs
from evalctl.values import known_environments, one_environment


def command(
    *,
    env: Annotated[
        str, typer.Option(metavar="NAME", help="The environment whose boards are drawn.")
    ] = "prod",
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Where the pages are written; ignored by Git.",
            default_factory=lambda: checkout.path("board-pages"),
            show_default="board-pages/ of this checkout",
        ),
    ],
) -> None:
    """Draw the boards as pages that open in a browser, without a Grafana.

    The panels are read from the same JSON that Grafana gets. Their queries run on a real
    Prometheus and on ClickHouse's own engine, both on this machine and filled with synthetic data, which
    is the same every time. Needs `prometheus` and `promtool` on the PATH. A panel that shows nothing
    is an error, and its page shows why.

    Example: evalctl board-pages --env dev --out board-pages
    """
    from evalctl.board_pages import drawing

    environment = one_environment(known_environments(), env)
    require_programs("prometheus", "promtool")
    try:
        with console.status(f"drawing the boards of {env}") as status:
            drawn = drawing.draw(environment, out=out, progress=status.update)
    except drawing.FAILURES as error:
        fail(f"The boards of {env} were not drawn.", str(error))
    for page in drawn.pages:
        console.print(f"  {page}", highlight=False)
    if drawn.problems:
        fail("Panels show nothing:", *drawn.problems)
