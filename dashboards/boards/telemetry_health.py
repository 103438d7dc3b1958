"""Metrics that are missing: an alert whose metric is missing cannot fire.

The contract marks the metrics that must be present (`Metric.always_present`). A metric that appears with
its first event, such as failed jobs, is not among them; its emitter has another one that is.
"""

from dashboards.observable import Alert, Observable, Promql, Severity, Threshold, Unit
from telemetry.contract import METRICS, Emitter, Metric

MISSING_MINUTES = 15  # a new pod, or a scrape that failed, takes less


def observables() -> tuple[Observable, ...]:
    return (_missing(),)


def silence_alert(emitter: Emitter) -> str:
    """The name of the alert on this emitter's missing metrics, as in OrchestratorSilent."""
    return "".join(part.capitalize() for part in emitter.split("-")) + "Silent"


def _missing() -> Observable:
    return Observable(
        id="missing-metrics",
        title="Metrics that are missing",
        meaning=(
            "Metrics that should always be present and are missing, by emitter. Without them boards "
            "are empty and alerts cannot fire."
        ),
        queries=tuple(
            Promql(expr=f"count({_absent(emitter)}) or vector(0)", legend=emitter)
            for emitter in Emitter
        ),
        unit=Unit.COUNT,
        thresholds=(
            Threshold(value=1, severity=Severity.WARNING, reason="an alert may need that metric"),
        ),
        higher_is_better=False,
        what_to_do=(
            "If all metrics of one emitter are missing, query `up` with the emitter as `job`: 0 means "
            "that it does not answer; no series means that no monitor selects it any more.",
            "If one of several is missing, a release exports it under another name or no longer "
            "(docs/telemetry.md is the contract). Roll back, or change both.",
            "`prometheus-yet-another-cloudwatch-exporter`: its log contains what AWS refused.",
            "Until the metric is back, watch the panels by hand: each panel's `i` lists its alerts.",
        ),
        other_alerts=tuple(_alert(emitter) for emitter in Emitter),
    )


def _alert(emitter: Emitter) -> Alert:
    return Alert(
        name=silence_alert(emitter),
        expr=_absent(emitter),
        for_minutes=MISSING_MINUTES,
        severity=Severity.WARNING,
        summary=f"{{{{ $labels.metric }}}} of {emitter} is missing",
        description="Alerts that need this metric cannot fire.",
    )


def _absent(emitter: Emitter) -> str:
    """One series for each metric that is missing, with its name as a label."""
    return "\nor ".join(
        f'label_replace({_one_absent(metric)}, "metric", "{metric.name}", "", "")'
        for metric in METRICS
        if metric.emitter is emitter and metric.always_present
    )


def _one_absent(metric: Metric) -> str:
    # The CloudWatch exporter exports NaN when CloudWatch has no value; NaN is never >= 0.
    return f'absent({metric.series[-1]}{{job="{metric.emitter}"}} >= 0)'
