"""Invented measurements are the contract's, and the same every time."""

import pytest

from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from evalctl.board_pages import synthetic
from evalctl.board_pages.series import History
from evalctl.board_pages.synthetic import MONTH, invented
from telemetry import contract as telemetry
from telemetry.contract import METRICS, Metric, MetricType

SHORT = History(end=MONTH.end, days=1, coarse_step=1_200, fine_hours=1, fine_step=60)


@pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
def test_every_metric_has_the_labels_that_the_contract_promises(env: Environment) -> None:
    metrics = {series: metric for metric in METRICS for series in metric.series}

    found = list(invented(env, SHORT))

    assert {series.name for series in found} == metrics.keys()
    for series in found:
        metric = metrics[series.name]
        assert series.labels.keys() - {"job", "instance", "le"} == set(metric.labels), series.name
        assert series.labels["job"] == metric.emitter, series.name


def test_the_same_is_invented_every_time() -> None:
    assert list(invented(PROD, SHORT)) == list(invented(PROD, SHORT))


def test_counters_only_grow() -> None:
    counted = {
        series
        for metric in METRICS
        if metric.type is not MetricType.GAUGE
        for series in metric.series
    }
    for series in invented(PROD, SHORT):
        if series.name in counted:
            assert list(series.values) == sorted(series.values), series.name


def test_no_two_series_are_the_same() -> None:
    identities = [(series.name, *sorted(series.labels.items())) for series in invented(PROD, SHORT)]

    assert len(identities) == len(set(identities))


def test_a_metric_without_an_invention_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    new = Metric(
        name="brand_new_total",
        type=MetricType.COUNTER,
        labels=(),
        unit="things",
        emitter=telemetry.Emitter.WORKER,
        meaning="Something that nobody has measured yet.",
        always_present=False,
    )
    monkeypatch.setattr(synthetic, "METRICS", (*METRICS, new))

    with pytest.raises(
        LookupError, match=r"brand_new_total: invent it in evalctl/board_pages/workload\.py"
    ):
        list(invented(PROD, SHORT))
