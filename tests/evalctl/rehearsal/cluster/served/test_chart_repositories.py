"""Chart repositories on loopback, read as Argo CD and bootstrap read them."""

import subprocess
import tarfile
import urllib.request
from pathlib import Path

import pytest
import yaml

from environments.catalog import ADDON_SETS, Chart
from environments.names import Addon
from environments.registry import ENVIRONMENTS
from evalctl.lifecycle import charts
from evalctl.rehearsal.cluster.served.chart_repositories import chart_repositories
from evalctl.rehearsal.cluster.served.problem import NotServedError
from tests.support import tools

PINNED = ADDON_SETS[ENVIRONMENTS[0].addon_set].charts
METRICS = PINNED[Addon.METRICS_SERVER]
REDIS = PINNED[Addon.REDIS_EXPORTER]


@pytest.fixture
def helm() -> str:
    return tools.program("helm", get_it="`make setup` installs it")


@pytest.fixture
def chart_dir(tmp_path: Path, helm: str) -> Path:
    """Two packages of metrics-server that have another version than the pinned one."""
    folder = tmp_path / "charts"
    for version in ("3.9.0", "3.12.0"):
        source = tmp_path / version / METRICS.name
        (source / "templates").mkdir(parents=True)
        metadata = {"apiVersion": "v2", "name": METRICS.name, "version": version}
        (source / "Chart.yaml").write_text(yaml.safe_dump(metadata))
        (source / "templates" / "real.yaml").write_text("kind: ConfigMap\n")
        command = (helm, "package", str(source), "--destination", str(folder))
        subprocess.run(command, check=True, capture_output=True)
    return folder


def served_under(address: str, chart: Chart) -> Chart:
    return Chart(repository_url=address, name=chart.name, version=chart.version)


def test_stand_ins_are_served_in_the_versions_that_applications_name(
    tmp_path: Path, helm: str
) -> None:
    with chart_repositories(
        (METRICS, REDIS), folder=tmp_path / "served", chart_dir=None, definitions=None, helm=helm
    ) as repositories:
        addresses = repositories.addresses
        assert set(addresses) == {METRICS.repository_url, REDIS.repository_url}
        served = [served_under(addresses[c.repository_url], c) for c in (METRICS, REDIS)]
        assert list(charts.problems(served)) == []  # what bootstrap finds
        wrong = Chart(repository_url=served[0].repository_url, name=METRICS.name, version="0.0.1")
        assert len(list(charts.problems([wrong]))) == 1
        assert [line.split(" without")[0] for line in repositories.described()] == [
            f"metrics-server {METRICS.version}: a stand-in",
            f"prometheus-redis-exporter {REDIS.version}: a stand-in",
        ]
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(addresses[METRICS.repository_url])


def test_a_real_chart_is_served_under_the_version_that_is_named(
    tmp_path: Path, helm: str, chart_dir: Path
) -> None:
    with chart_repositories(
        (METRICS,), folder=tmp_path / "served", chart_dir=chart_dir, definitions=None, helm=helm
    ) as repositories:
        address = repositories.addresses[METRICS.repository_url]
        assert list(charts.problems([served_under(address, METRICS)])) == []
        package = f"{METRICS.name}-{METRICS.version}.tgz"
        with urllib.request.urlopen(f"{address}/{package}") as response:
            (tmp_path / package).write_bytes(response.read())
        assert list(repositories.described()) == [
            f"metrics-server {METRICS.version}: the real chart in version 3.12.0, under the version "
            f"{METRICS.version}"
        ]
    with tarfile.open(tmp_path / package) as archive:
        assert f"{METRICS.name}/templates/real.yaml" in archive.getnames()


def test_a_chart_that_the_folder_lacks_gets_a_stand_in(
    tmp_path: Path, helm: str, chart_dir: Path
) -> None:
    own = Chart(repository_url=METRICS.repository_url, name=METRICS.name, version="3.9.0")
    with chart_repositories(
        (own, REDIS), folder=tmp_path / "served", chart_dir=chart_dir, definitions=None, helm=helm
    ) as repositories:
        metrics, redis = repositories.described()
    assert metrics == "metrics-server 3.9.0: the real chart"
    assert redis.startswith(f"prometheus-redis-exporter {REDIS.version}: a stand-in")


def test_a_chart_is_added_while_the_server_runs(tmp_path: Path, helm: str) -> None:
    with chart_repositories(
        (METRICS,), folder=tmp_path / "served", chart_dir=None, definitions=None, helm=helm
    ) as repositories:
        newer = Chart(repository_url=METRICS.repository_url, name=METRICS.name, version="99.0.0")
        repositories.add((METRICS, newer))
        address = repositories.addresses[METRICS.repository_url]
        both = [served_under(address, chart) for chart in (METRICS, newer)]
        assert list(charts.problems(both)) == []


def test_a_chart_without_package_and_stand_in_is_refused(tmp_path: Path, helm: str) -> None:
    unknown = Chart(repository_url="https://charts.example", name="unknown", version="1.0.0")
    with (
        pytest.raises(NotServedError, match="unknown has no stand-in"),
        chart_repositories(
            (unknown,), folder=tmp_path / "served", chart_dir=None, definitions=None, helm=helm
        ),
    ):
        raise AssertionError
