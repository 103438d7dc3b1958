"""An alert at a threshold fires at the panel's line, and an observable without alerts gives a reason."""

from dataclasses import replace

import pytest

from dashboards.observable import Promql, Severity, Threshold, ThresholdAlert
from tests.dashboards.examples import OBSERVABLE

LIMIT = Threshold(
    value=10 * 2**30,
    severity=Severity.WARNING,
    reason="the limit",
    alert=ThresholdAlert(name="Limit", for_minutes=5, summary="Limit", description="The limit."),
)


def test_an_alert_at_a_threshold_has_its_value_and_severity() -> None:
    above = replace(OBSERVABLE, thresholds=(LIMIT,), other_alerts=())

    (alert,) = above.alerts

    assert alert.expr == "queue:jobs_waiting:max > 10737418240"
    assert alert.severity is Severity.WARNING


def test_an_alert_fires_below_its_threshold_when_higher_is_better() -> None:
    below = replace(OBSERVABLE, thresholds=(LIMIT,), other_alerts=(), higher_is_better=True)

    assert below.alerts[0].expr == "queue:jobs_waiting:max < 10737418240"


def test_alerts_at_thresholds_come_before_the_others() -> None:
    both = replace(OBSERVABLE, thresholds=(LIMIT,))

    assert [alert.name for alert in both.alerts] == ["Limit", "JobsWait"]


def test_an_alert_at_a_threshold_of_several_queries_is_refused() -> None:
    queries = (*OBSERVABLE.queries, Promql(expr="up", legend="up"))

    with pytest.raises(ValueError, match="'jobs-waiting' has an alert at a threshold"):
        replace(OBSERVABLE, thresholds=(LIMIT,), queries=queries)


def test_an_observable_without_alerts_must_have_a_reason() -> None:
    with pytest.raises(ValueError, match="'jobs-waiting' must have either alerts or a reason"):
        replace(OBSERVABLE, other_alerts=())


def test_an_observable_with_alerts_has_no_reason_for_having_none() -> None:
    with pytest.raises(ValueError, match="'jobs-waiting' must have either alerts or a reason"):
        replace(OBSERVABLE, no_alert="another observable alerts")
