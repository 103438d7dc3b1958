"""`evalctl charts`: whether the pinned charts exist."""

from typing import Annotated

import typer

from evalctl import checkout
from evalctl.terminal import console, fail
from evalctl.values import known_environments


def command(
    listed: Annotated[
        bool,
        typer.Option(
            "--list", help="Print repository, name and version of each; read no repository."
        ),
    ] = False,
) -> None:
    """Check that each chart repository has the versions that the rendered Applications name.

    Example: evalctl charts --list
    """
    from environments.names import Names
    from evalctl.lifecycle.charts import problems
    from evalctl.rendered_charts import rendered_charts

    with checkout.entered():
        charts = {chart for env in known_environments() for chart in rendered_charts(Names(env))}
    pinned = sorted(charts, key=lambda chart: (chart.repository_url, chart.name, chart.version))
    if listed:
        for chart in pinned:
            print(chart.repository_url, chart.name, chart.version)
        return
    if found := list(problems(pinned)):
        fail("Argo CD could not fetch these charts.", *found)
    console.print(f"{len(pinned)} charts: their repositories have the pinned versions")
