"""Chart repositories on loopback, with an index that the real Helm makes.

`CHART_DIR` is a folder with charts as `helm package` writes them. A chart that it has is served, also
under another version than its own; the output then names both. Stand-ins serve the others.
"""

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

from environments.catalog import Chart
from evalctl.archives import unpack
from evalctl.processes import output
from evalctl.rehearsal.cluster.served import stand_ins
from evalctl.servers import http_server

_VERSION = r"\d[\w.+-]*"


@dataclass(kw_only=True)
class ChartRepositories:
    """The repositories of the charts that Applications name, as long as the server runs."""

    folder: Path
    host: str
    chart_dir: Path | None  # charts as packages
    definitions: Path | None  # CustomResourceDefinitions for the stand-ins
    helm: str
    # What is served for each chart, as a sentence without its subject.
    origins: dict[Chart, str] = field(default_factory=dict)

    @property
    def addresses(self) -> Mapping[str, str]:
        """The served address of each repository, by its real one."""
        return {
            url: f"http://{self.host}/{_folder_name(url)}"
            for url in sorted({chart.repository_url for chart in self.origins})
        }

    def add(self, charts: Iterable[Chart]) -> None:
        """Serve these charts too, each in the repository that it names.

        Raises:
            NotServedError: there is neither a package nor a stand-in.
        """
        changed = set()
        for chart in charts:
            if chart not in self.origins:
                repository = self.folder / _folder_name(chart.repository_url)
                repository.mkdir(exist_ok=True)
                self.origins[chart] = self._package(chart, repository)
                changed.add(repository)
        for repository in changed:
            output((self.helm, "repo", "index", str(repository)))

    def package(self, chart: Chart) -> Path:
        """The served package of a chart."""
        return (
            self.folder / _folder_name(chart.repository_url) / f"{chart.name}-{chart.version}.tgz"
        )

    def described(self) -> Iterator[str]:
        """One line for each chart: where it is from."""
        for chart, origin in sorted(self.origins.items(), key=lambda item: item[0].name):
            yield f"{chart.name} {chart.version}: {origin}"

    def _package(self, chart: Chart, repository: Path) -> str:
        found = None if self.chart_dir is None else _newest(chart, self.chart_dir)
        if found is None:
            return stand_ins.package(
                chart, repository, definitions=self.definitions, helm=self.helm
            )
        path, version = found
        if version == chart.version:
            shutil.copy(path, repository)
            return "the real chart"
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            unpack(path, scratch)
            source = Path(scratch, chart.name)
            target = ("--version", chart.version, "--destination", str(repository))
            output((self.helm, "package", str(source), *target))
        return f"the real chart in version {version}, under the version {chart.version}"


@contextmanager
def chart_repositories(
    charts: Iterable[Chart],
    *,
    folder: Path,
    chart_dir: Path | None,
    definitions: Path | None,
    helm: str = "helm",
) -> Iterator[ChartRepositories]:
    """Serves these charts on loopback until the block ends.

    Raises:
        NotServedError: a chart has neither a package nor a stand-in.
    """
    folder.mkdir(parents=True)
    handler = partial(_Files, directory=str(folder))
    with http_server(handler) as host:
        repositories = ChartRepositories(
            folder=folder,
            host=host,
            chart_dir=chart_dir,
            definitions=definitions,
            helm=helm,
        )
        repositories.add(charts)
        yield repositories


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def _newest(chart: Chart, folder: Path) -> tuple[Path, str] | None:
    """The package of the chart's own version, or else of its highest, and that version."""
    pattern = re.compile(rf"{re.escape(chart.name)}-({_VERSION})\.tgz")
    versions = {
        match[1]: path
        for path in folder.glob("*.tgz")
        if (match := pattern.fullmatch(path.name)) is not None
    }
    if not versions:
        return None
    version = chart.version if chart.version in versions else max(versions, key=_by_number)
    return versions[version], version


def _by_number(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _folder_name(repository_url: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", repository_url.partition("://")[2].lower()).strip("-")
