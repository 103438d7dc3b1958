"""The packages of charts: those of the folder CHART_DIR, or without it those of their repositories."""

import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from environments.catalog import Chart
from evalctl.chart_objects import CHARTS_VARIABLE, package_name
from evalctl.processes import output

_PULL_SECONDS = 120


class MissingChartError(Exception):
    """A chart's version is not in the folder; the message describes how to get it."""


@dataclass(kw_only=True)
class ChartPackages:
    """Gets exactly the version that an Application names."""

    scratch: Path  # for those of repositories
    _pulled: dict[Chart, Path] = field(default_factory=dict)

    def package(self, chart: Chart) -> Path:
        """The package of a chart.

        Raises:
            CommandFailedError: its repository lacks it, or cannot be reached.
            MissingChartError: the folder lacks it.
        """
        name = package_name(chart.name, chart.version)
        if folder := os.environ.get(CHARTS_VARIABLE):
            if not Path(folder, name).is_file():
                raise MissingChartError(
                    f"{CHARTS_VARIABLE} is {folder}, which has no {name}. With internet "
                    f"`{shlex.join(_pull(chart, folder))}` gets it"
                )
            return Path(folder, name)
        if chart not in self._pulled:
            output(_pull(chart, str(self.scratch)), seconds=_PULL_SECONDS)
            self._pulled[chart] = self.scratch / name
        return self._pulled[chart]


def _pull(chart: Chart, folder: str) -> tuple[str, ...]:
    return (
        *("helm", "pull", chart.name, "--repo", chart.repository_url),
        *("--version", chart.version, "--destination", folder),
    )
