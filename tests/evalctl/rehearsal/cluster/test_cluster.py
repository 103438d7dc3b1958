"""Which program on this machine a Service's address leads to."""

import pytest
from lightkube.resources.core_v1 import Service
from lightkube.resources.discovery_v1 import EndpointSlice

from evalctl.rehearsal.cluster.cluster import METRICS_SERVER, PROMETHEUS_ADAPTER, program_port
from evalctl.rehearsal.cluster.state import Snapshot
from tests.evalctl.rehearsal.cluster.objects import of

ADDRESS = "172.20.0.10"
PORTS = {METRICS_SERVER: 4443, PROMETHEUS_ADAPTER: 6443}


def snapshot(*, ready: bool, of_service: str = METRICS_SERVER[1]) -> Snapshot:
    namespace, name = METRICS_SERVER
    endpoints = [
        {
            "addresses": ["10.0.0.7"],
            "conditions": {"ready": ready},
            "targetRef": {"kind": "Pod", "namespace": namespace, "name": "one"},
        }
    ]
    slices = {
        "metadata": {
            "name": "slice",
            "namespace": namespace,
            "labels": {"kubernetes.io/service-name": of_service},
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
    }
    service = {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"clusterIP": ADDRESS},
    }
    return Snapshot(services=(of(Service, service),), endpoint_slices=(of(EndpointSlice, slices),))


def test_an_address_leads_to_the_program_of_its_service() -> None:
    assert program_port(ADDRESS, PORTS, snapshot(ready=True)) == 4443


@pytest.mark.parametrize(
    ("address", "ports", "found"),
    [
        pytest.param("172.20.0.11", PORTS, snapshot(ready=True), id="another address"),
        pytest.param(ADDRESS, {}, snapshot(ready=True), id="no program"),
        pytest.param(ADDRESS, PORTS, snapshot(ready=False), id="no ready pod"),
        pytest.param(
            ADDRESS, PORTS, snapshot(ready=True, of_service="other"), id="pods of another service"
        ),
        pytest.param(ADDRESS, PORTS, Snapshot(), id="no service"),
    ],
)
def test_otherwise_it_leads_nowhere(
    address: str, ports: dict[tuple[str, str], int], found: Snapshot
) -> None:
    assert program_port(address, ports, found) is None
