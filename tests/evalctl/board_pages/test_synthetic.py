"""Synthetic series match the contract and are the same every time."""

import pytest

from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from evalctl.board_pages import synthetic
from evalctl.board_pages.series import History
from evalctl.board_pages.synthetic import MONTH, synthetic_series
from telemetry import contract as telemetry
from telemetry.contract import METRICS, Metric, MetricType

SHORT = History(end=MONTH.end, days=1, coarse_step=1_200, fine_hours=1, fine_step=60)


@pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
def test_every_metric_has_the_labels_of_the_contract(env: Environment) -> None:
    metrics = {series: metric for metric in METRICS for series in metric.series}

    found = list(synthetic_series(env, SHORT))

    assert {series.name for series in found} == metrics.keys()
    for series in found:
        metric = metrics[series.name]
        assert series.labels.keys() - {"job", "instance", "le"} == set(metric.labels), series.name
        assert series.labels["job"] == metric.emitter, series.name


def test_the_series_are_the_same_every_time() -> None:
    assert list(synthetic_series(PROD, SHORT)) == list(synthetic_series(PROD, SHORT))


def test_counters_never_decrease() -> None:
    counted = {
        series
        for metric in METRICS
        if metric.type is not MetricType.GAUGE
        for series in metric.series
    }
    for series in synthetic_series(PROD, SHORT):
        if series.name in counted:
            assert list(series.values) == sorted(series.values), series.name


def test_no_two_series_are_the_same() -> None:
    identities = [
        (series.name, *sorted(series.labels.items())) for series in synthetic_series(PROD, SHORT)
    ]

    assert len(identities) == len(set(identities))


def test_a_metric_without_synthetic_series_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    new = Metric(
        name="brand_new_total",
        type=MetricType.COUNTER,
        labels=(),
        unit="things",
        emitter=telemetry.Emitter.WORKER,
        meaning="A metric without synthetic series.",
        always_present=False,
    )
    monkeypatch.setattr(synthetic, "METRICS", (*METRICS, new))

    with pytest.raises(
        LookupError, match=r"brand_new_total: add series for it in evalctl/board_pages/workload\.py"
    ):
        list(synthetic_series(PROD, SHORT))
