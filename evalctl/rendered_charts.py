"""The charts that an environment's rendered Applications name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from environments.catalog import Chart
from environments.names import Names
from evalctl import kubernetes_yaml


def rendered_charts(names: Names, *, checkout: Path = Path()) -> tuple[Chart, ...]:
    """The charts that Argo CD will fetch for this environment."""
    return tuple(
        chart_of(application) for application in applications(checkout / names.argocd_folder)
    )


def applications(folder: Path) -> Iterator[dict[str, Any]]:
    """The Applications with a chart in a folder of rendered ones.

    Raises:
        yaml.YAMLError: a file is no YAML.
    """
    for path in sorted(folder.glob("Application-*.yaml")):
        for application in kubernetes_yaml.documents(path.read_text(encoding="utf-8")):
            if "chart" in application["spec"].get("source", {}):
                yield application


def chart_of(application: dict[str, Any]) -> Chart:
    """The chart of such an Application."""
    source = application["spec"]["source"]
    return Chart(
        repository_url=source["repoURL"], name=source["chart"], version=source["targetRevision"]
    )
