"""A chart repository on loopback, with packages and an index that the real Helm makes."""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import yaml

from evalctl.servers import http_server
from tests.support import tools


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def chart_repository(folder: Path, charts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Serves empty charts of these names and versions until the block ends; yields the address."""
    helm = tools.program("helm", get_it="`make setup` installs it")
    folder.mkdir()
    for name, version in charts:
        source = folder / f"{name}-{version}" / name
        source.mkdir(parents=True)
        metadata = {"apiVersion": "v2", "name": name, "version": version}
        (source / "Chart.yaml").write_text(yaml.safe_dump(metadata))
        _run(helm, "package", str(source), "--destination", str(folder))
    _run(helm, "repo", "index", str(folder))
    with http_server(partial(_Files, directory=str(folder))) as address:
        yield f"http://{address}"


def use_in(argocd: Path, repository: str) -> None:
    """Replace the charts' repositories in rendered Applications by this one."""
    for path in argocd.glob("Application-*.yaml"):
        application = yaml.load(path.read_text(), yaml.CSafeLoader)
        source = application["spec"].get("source", {})
        if "chart" in source:
            source["repoURL"] = repository
            path.write_text(yaml.safe_dump(application))


def charts_of(argocd: Path) -> list[tuple[str, str]]:
    """Name and version of each chart that rendered Applications fetch."""
    sources = [
        yaml.load(path.read_text(), yaml.CSafeLoader)["spec"].get("source", {})
        for path in argocd.glob("Application-*.yaml")
    ]
    return [(s["chart"], s["targetRevision"]) for s in sources if "chart" in s]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
