"""Thresholds as Grafana's steps: each step's colour holds from its value up to the next."""

from grafana_foundation_sdk.models import dashboard

from dashboards.observable import Observable, Severity

SEVERITY_COLORS = {Severity.WARNING: "orange", Severity.CRITICAL: "red"}
GOOD = "green"
NEUTRAL = "text"
# In a chart the good range has no colour. Grafana draws the line of a transparent step in the colour of
# the step below it, which is the threshold's when higher is better.
CLEAR = "transparent"


def steps(observable: Observable, *, good: str) -> dashboard.ThresholdsConfig:
    """The thresholds from the lowest value to the highest; `good` is the colour of the good range."""
    ordered = sorted(observable.thresholds, key=lambda threshold: threshold.value)
    values: list[float | None] = [None, *(threshold.value for threshold in ordered)]
    bad = [SEVERITY_COLORS[threshold.severity] for threshold in ordered]
    colors = [*bad, good] if observable.higher_is_better else [good, *bad]
    return dashboard.ThresholdsConfig(
        mode=dashboard.ThresholdsMode.ABSOLUTE,
        steps=[
            dashboard.Threshold(value=value, color=color)
            for value, color in zip(values, colors, strict=True)
        ],
    )
