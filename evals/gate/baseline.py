"""Has a metric fallen since the last report of the main branch, and is that more than noise?

The same cases are compared one by one: which questions are hard is then no noise any more (paired
differences; Miller, Adding Error Bars to Evals, arXiv:2411.00640, section on comparing models). What
stays is that judge and agent do not say the same twice. A drop counts when both hold:

- it is larger than the metric tolerates (`tolerated_drop`): a gate that stops a merge for 0.001 that
  is real gets switched off;
- the bootstrap's upper bound of the mean difference is below 0: one bad case of two dozen is not
  enough, three are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from evals.gate import report, statistics
from evals.gate.pins import Metric
from evals.gate.report import Change, Code, Facts, Reason, Report, Score


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A report to compare with, or why there is none."""

    report: Report | None
    problem: Reason | None
    note: str | None


NONE = Baseline(
    report=None, problem=None, note="No baseline was given (--no-baseline): nothing was compared."
)


def read(file: Path) -> Baseline:
    """The report of the main branch; one that cannot be used fails the gate."""
    try:
        found = report.read(file)
    except OSError as error:
        return _unusable(f"{file}: {error.strerror}. A first run says --no-baseline.")
    except report.UnreadableReportError as error:
        return _unusable(f"{file} is no report of this gate: {error}.")
    if not found.scores:
        return _unusable(f"{file} has no scores: take the last report of main that has some.")
    return Baseline(report=found, problem=None, note=None)


def comparable(baseline: Baseline, facts: Facts) -> Baseline:
    """The baseline, unless another judge or data set made it.

    Then nothing is compared, and that is a note, not a failure: else no case could ever be added, nor a
    judge replaced. Both change evals/gate/pins.py in the same pull request, where a reviewer sees it,
    and the required means hold all the same. The next report of main is the new baseline.
    """
    before = baseline.report.run if baseline.report else None
    if before is None:
        return baseline
    now_and_then = (
        ("judge", before.judge_model, facts.judge_model),
        ("data set", before.dataset, facts.dataset),
    )
    changed = [f"the {what} was {then}" for what, then, now in now_and_then if now != then]
    if not changed:
        return baseline
    note = f"Not compared with main: {' and '.join(changed)}. Only the required means were checked."
    return Baseline(report=None, problem=baseline.problem, note=note)


def change(metric: Metric, scores: Sequence[Score], baseline: Baseline) -> Change | None:
    """How one metric has moved, if that can be said."""
    if baseline.report is None:
        return None
    before = {s.case_id: s.score for s in baseline.report.scores if s.metric == metric.key}
    differences = [s.score - before[s.case_id] for s in scores if s.case_id in before]
    if not differences:
        return None  # a metric that is new
    return Change(
        baseline_mean=fmean(before.values()),
        difference=fmean(differences),
        upper_bound=statistics.upper_bound(differences),
        tolerated_drop=metric.tolerated_drop,
    )


def is_regression(change: Change) -> bool:
    """Larger than tolerated, and not by chance."""
    return change.difference < -change.tolerated_drop and change.upper_bound < 0


def _unusable(why: str) -> Baseline:
    problem = Reason(code=Code.BASELINE_UNUSABLE, message=why)
    return Baseline(report=None, problem=problem, note=None)
