"""What a move to the next set of add-ons is made of."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from lightkube.resources.discovery_v1 import EndpointSlice

from environments.catalog import ADDON_SETS, AddonSet, Chart
from environments.dev import DEV
from environments.names import Addon
from evalctl.rehearsal.cluster.checks.next_addon_set import (
    following,
    moves,
    origins,
    without_pods,
)
from evalctl.rehearsal.cluster.state import ready_pods
from tests.evalctl.rehearsal.cluster.objects import of

OWN = ADDON_SETS[DEV.addon_set]
MINOR = DEV.cluster.kubernetes_version
METRICS = OWN.charts[Addon.METRICS_SERVER]
NEWER = replace(METRICS, version="99.0.0")


def with_metrics(chart: Chart) -> AddonSet:
    return replace(OWN, charts={**OWN.charts, Addon.METRICS_SERVER: chart})


def for_minors(*minors: str) -> AddonSet:
    return replace(OWN, kubernetes_versions=minors)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({}, None),
        ({"2000-01": for_minors(MINOR)}, None),
        ({"9998-02": for_minors(MINOR), "9998-01": for_minors(MINOR)}, "9998-01"),
        ({"9998-01": for_minors("1.99"), "9998-02": for_minors("1.99", MINOR)}, "9998-02"),
        ({"9998-01": for_minors("1.99")}, None),
    ],
)
def test_the_next_set_is_the_first_newer_one_for_the_same_minor(
    others: Mapping[str, AddonSet], expected: str | None
) -> None:
    assert following(DEV, {DEV.addon_set: OWN, **others}) == expected


def test_only_charts_that_differ_move_and_what_serves_them_is_named() -> None:
    found = list(moves(OWN, with_metrics(NEWER)))
    assert found == [(METRICS, NEWER)]
    assert origins(found, {NEWER: "the real chart"}) == [
        f"metrics-server {METRICS.version} → 99.0.0: the real chart"
    ]
    assert list(moves(OWN, OWN)) == []


def test_a_chart_that_is_new_moves_from_none() -> None:
    without = {addon: chart for addon, chart in OWN.charts.items() if chart != METRICS}
    found = moves(replace(OWN, charts=without), with_metrics(NEWER))
    assert origins(found, {NEWER: "a stand-in"}) == ["metrics-server none → 99.0.0: a stand-in"]


def slice_of(service: str, **pods: bool) -> EndpointSlice:
    return of(
        EndpointSlice,
        {
            "metadata": {
                "name": f"{service}-{'-'.join(pods)}",
                "namespace": "monitoring",
                "labels": {"kubernetes.io/service-name": service},
            },
            "addressType": "IPv4",
            "endpoints": [
                {
                    "addresses": ["10.0.0.1"],
                    "conditions": {"ready": is_ready},
                    "targetRef": {"kind": "Pod", "name": pod, "namespace": "monitoring"},
                }
                for pod, is_ready in pods.items()
            ],
        },
    )


def test_a_service_has_the_ready_pods_of_all_its_slices() -> None:
    found = ready_pods(
        [slice_of("a", one=True, two=False), slice_of("a", three=True), slice_of("b")]
    )
    assert found == {"monitoring/a": {"monitoring/one", "monitoring/three"}}


def test_a_service_is_without_pods_only_if_it_had_some() -> None:
    before = ready_pods(
        [slice_of("a", one=True), slice_of("b", two=True), slice_of("c", three=False)]
    )
    now = ready_pods([slice_of("a", one=False, four=True), slice_of("b", two=False)])
    assert without_pods(before, now) == {"monitoring/b"}
    assert without_pods(before, {}) == {"monitoring/a", "monitoring/b"}
