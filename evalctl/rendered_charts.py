"""The charts that an environment's rendered Applications name."""

from pathlib import Path

import yaml

from environments.catalog import Chart
from environments.names import Names


def rendered_charts(names: Names, *, checkout: Path = Path()) -> tuple[Chart, ...]:
    """The charts that Argo CD will fetch for this environment."""
    sources = (
        yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["spec"].get(
            "source", {}
        )
        for path in sorted((checkout / names.argocd_folder).glob("Application-*.yaml"))
    )
    return tuple(
        Chart(
            repository_url=source["repoURL"],
            name=source["chart"],
            version=source["targetRevision"],
        )
        for source in sources
        if "chart" in source
    )
