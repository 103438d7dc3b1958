"""The server that stands for prometheus-adapter."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from environments.names import NAMESPACE, QUEUE_METRIC
from evalctl.local_servers.certificates import Authority
from evalctl.rehearsal.cluster.external_metrics import ExternalMetrics, external_metrics
from evalctl.servers import is_listening

ROOT = "/apis/external.metrics.k8s.io/v1beta1"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def served(authority: Authority) -> Iterator[ExternalMetrics]:
    with external_metrics(authority.server("external-metrics"), metric=QUEUE_METRIC) as server:
        yield server


def get(authority: Authority, served: ExternalMetrics, path: str) -> dict[str, object]:
    context = ssl.create_default_context(cafile=str(authority.pair.certificate))
    address = f"https://127.0.0.1:{served.port}{path}"
    with urllib.request.urlopen(address, timeout=5, context=context) as response:
        found: dict[str, object] = json.load(response)
        return found


def test_the_metric_is_listed(authority: Authority, served: ExternalMetrics) -> None:
    found = get(authority, served, f"{ROOT}?timeout=32s")
    resources = found["resources"]
    assert isinstance(resources, list)
    assert [resource["name"] for resource in resources] == [QUEUE_METRIC]


def test_the_value_is_what_was_set_last(authority: Authority, served: ExternalMetrics) -> None:
    path = f"{ROOT}/namespaces/{NAMESPACE}/{QUEUE_METRIC}?labelSelector="
    for value in (0, 10_000):
        served.value = value
        items = get(authority, served, path)["items"]
        assert isinstance(items, list)
        (item,) = items
        assert (item["metricName"], item["value"]) == (QUEUE_METRIC, str(value))
        assert datetime.fromisoformat(item["timestamp"]).tzinfo is not None


@pytest.mark.parametrize("path", ["/", f"{ROOT}/namespaces/{NAMESPACE}/another", "/apis"])
def test_nothing_else_is_served(authority: Authority, served: ExternalMetrics, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(authority, served, path)
    assert refused.value.code == 404


def test_the_server_ends_with_its_block(authority: Authority) -> None:
    with external_metrics(authority.server("external-metrics"), metric=QUEUE_METRIC) as server:
        assert is_listening(server.port)
    assert not is_listening(server.port)
