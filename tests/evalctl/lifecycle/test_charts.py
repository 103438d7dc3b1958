"""Missing charts are found in the index of a real chart repository."""

import io
import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml

from environments.catalog import ADDON_SETS, Chart
from environments.names import Names
from evalctl.lifecycle import charts
from evalctl.rendered_charts import rendered_charts
from evalctl.servers import http_server
from tests.support.chart_repository import chart_repository, charts_of

IN_REPOSITORY = [("first", "1.0.0"), ("first", "1.1.0"), ("second", "2.0.0")]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("charts") / "repository"
    with chart_repository(folder, IN_REPOSITORY) as address:
        yield address


def problems(repository: str, *pinned: tuple[str, str]) -> list[str]:
    return list(
        charts.problems([Chart(repository_url=repository, name=n, version=v) for n, v in pinned])
    )


def test_charts_that_the_repository_has_are_no_problem(repository: str) -> None:
    assert problems(repository, *IN_REPOSITORY) == []
    assert problems(f"{repository}/", ("second", "2.0.0")) == []


def test_a_version_or_a_chart_that_is_missing_is_named_with_its_repository(repository: str) -> None:
    found = problems(repository, ("first", "1.2.0"), ("second", "2.0.0"), ("third", "1.0.0"))
    assert [problem.partition("; ")[0] for problem in found] == [
        f"{repository} has no first 1.2.0",
        f"{repository} has no third 1.0.0",
    ]
    assert all("environments/catalog.py" in problem for problem in found)


def test_every_repository_is_read_although_another_cannot_be(repository: str) -> None:
    found = list(
        charts.problems(
            [
                Chart(repository_url="http://127.0.0.1:1", name="first", version="1.0.0"),
                Chart(repository_url=repository, name="first", version="9.0.0"),
            ]
        )
    )
    assert len(found) == 2
    assert any("http://127.0.0.1:1/index.yaml cannot be read: " in problem for problem in found)


class NotAnIndex(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>: {[")

    def log_message(self, *_: object) -> None:
        pass


def test_an_answer_that_is_no_index_is_reported() -> None:
    with http_server(NotAnIndex) as address:
        (found,) = problems(f"http://{address}", ("first", "1.0.0"))
    assert "cannot be read" in found


def test_an_index_that_is_too_slow_is_reported(
    repository: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "_INDEX_SECONDS", -1)
    (found,) = problems(repository, ("first", "1.0.0"))
    assert "not read whole" in found


def test_an_index_in_any_style_of_yaml_is_read_as_a_whole_parser_reads_it(
    tmp_path: Path,
) -> None:
    entry = {"name": "a", "version": "1.0.0", "dependencies": [{"name": "b", "version": "9.9.9"}]}
    index = {"apiVersion": "v1", "entries": {"a": [entry, {"version": "0.9.0"}], "c": []}}
    expected = [("a", "1.0.0"), ("a", "0.9.0")]
    for text in (json.dumps(index), yaml.safe_dump(index), yaml.safe_dump(index, sort_keys=False)):
        assert list(charts.versions(io.BytesIO(text.encode()))) == expected


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_rendered_charts_are_those_of_the_environments_set(
    name: str,
    rendered: Path,
    tmp_path: Path,
    names: dict[str, Names],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(rendered.parent)
    found = rendered_charts(names[name])
    assert set(found) == set(ADDON_SETS[names[name].env.addon_set].charts.values())
    copied = tmp_path / "argocd"
    shutil.copytree(rendered / name / "argocd", copied)
    assert sorted(charts_of(copied)) == sorted((chart.name, chart.version) for chart in found)
