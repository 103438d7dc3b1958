"""Decides pass or fail, with every reason."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from evals.gate import baseline as baselines
from evals.gate import bootstrap
from evals.gate.baseline import Baseline
from evals.gate.evidence import Evidence, examine
from evals.gate.pins import Metric, Pins
from evals.gate.report import Code, MetricResult, Reason, Report, Score


def decide(folder: Path, *, pins: Pins, commit: str, baseline: Baseline) -> tuple[Report, Evidence]:
    """The report on a folder of results, and its evidence."""
    evidence = examine(folder, pins=pins, commit=commit)
    reasons = [*evidence.problems, *([baseline.problem] if baseline.problem else [])]
    notes = [baseline.note] if baseline.note else []
    metrics: list[MetricResult] = []
    if not evidence.problems and evidence.facts is not None:
        compared = baselines.comparable(baseline, evidence.facts)
        notes = [compared.note] if compared.note else []
        metrics = [_result(metric, evidence.scores, compared) for metric in pins.metrics]
        reasons += [reason for result in metrics for reason in _failures(result)]
    means = {result.metric: result.mean for result in metrics}
    report = Report(
        verdict="fail" if reasons else "pass",
        reasons=tuple(reasons),
        notes=tuple(notes),
        summary={metric.key: means.get(metric.key) for metric in pins.metrics},
        metrics=tuple(metrics),
        scores=evidence.scores,
        run=evidence.facts,
    )
    return report, evidence


def _result(metric: Metric, scores: Sequence[Score], baseline: Baseline) -> MetricResult:
    own = [score for score in scores if score.metric == metric.key]
    values = [score.score for score in own]
    return MetricResult(
        metric=metric.key,
        # The mean of 26 times 0.9 is 0.9000000000000001, which is above 0.9 only by a rounding error.
        mean=round(fmean(values), 12),
        required_mean=metric.required_mean,
        lower_bound=bootstrap.lower_bound(values),
        worst=min(own, key=lambda score: score.score),
        cases_below_threshold=sum(value < metric.threshold for value in values),
        change=baselines.change(metric, own, baseline),
    )


def _failures(result: MetricResult) -> Iterator[Reason]:
    if not result.mean > result.required_mean:
        yield Reason(
            code=Code.MEAN_TOO_LOW,
            message=(
                f"{result.metric}: the mean is {result.mean:.3f} and must be above "
                f"{result.required_mean:g}; {result.cases_below_threshold} cases are below their "
                f"threshold, {result.worst.case_id} is the lowest. The summary lists them by topic."
            ),
        )
    if result.change is not None and baselines.is_regression(result.change):
        yield Reason(
            code=Code.REGRESSION,
            message=(
                f"{result.metric}: {-result.change.difference:.3f} lower than on main "
                f"({result.change.baseline_mean:.3f}); {result.change.tolerated_drop:g} is tolerated, and "
                "chance does not explain the drop. Compare the worst cases with main's report."
            ),
        )
