"""Compares the scores with those of the last report of the main branch.

The same cases are compared one by one. This removes the noise of hard and easy questions (paired
differences; Miller, Adding Error Bars to Evals, arXiv:2411.00640, section on comparing models). One
source of noise stays: judge and agent do not write the same text twice. A drop is a regression if both
are true:

- It is larger than the metric tolerates (`tolerated_drop`). People switch off a gate that stops a merge
  for a real drop of 0.001.
- The bootstrap's upper bound of the mean difference is below 0. One bad case of two dozen is not
  enough, three are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from evals.gate import bootstrap, report
from evals.gate.files import InvalidJsonError
from evals.gate.pins import Metric
from evals.gate.report import Change, Code, Facts, Reason, Report, Score


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A report to compare with, or the reason why there is none."""

    report: Report | None
    problem: Reason | None
    note: str | None


NONE = Baseline(
    report=None, problem=None, note="No baseline was given (--no-baseline): nothing was compared."
)


def read(file: Path) -> Baseline:
    """The report of the main branch; if it cannot be used, the gate fails."""
    try:
        baseline = report.read(file)
    except OSError as error:
        return _unusable(f"{file}: {error.strerror}. For the first run, pass --no-baseline.")
    except InvalidJsonError as error:
        return _unusable(f"{file} is not a report of this gate: {error}.")
    if not baseline.scores:
        return _unusable(f"{file} has no scores: use the last report of main that has some.")
    return Baseline(report=baseline, problem=None, note=None)


def comparable(baseline: Baseline, facts: Facts) -> Baseline:
    """The baseline, or none if its judge or data set differs.

    In that case nothing is compared. This is a note and not a failure: otherwise no case could be added,
    and no judge replaced. Both changes edit evals/gate/pins.py in the same pull request, where a reviewer
    sees them. The required means still hold. The next report of main is the new baseline.
    """
    before = baseline.report.run if baseline.report else None
    if before is None:
        return baseline
    settings = (
        ("judge", before.judge_model, facts.judge_model),
        ("data set", before.dataset, facts.dataset),
    )
    changed = [f"the {name} was {old}" for name, old, new in settings if new != old]
    if not changed:
        return baseline
    note = f"Not compared with main: {' and '.join(changed)}. Only the required means were checked."
    return Baseline(report=None, problem=baseline.problem, note=note)


def change(metric: Metric, scores: Sequence[Score], baseline: Baseline) -> Change | None:
    """How the mean of one metric changed, if it can be compared."""
    if baseline.report is None:
        return None
    before = {s.case_id: s.score for s in baseline.report.scores if s.metric == metric.key}
    differences = [s.score - before[s.case_id] for s in scores if s.case_id in before]
    if not differences:
        return None  # the metric is new
    return Change(
        baseline_mean=fmean(before.values()),
        difference=fmean(differences),
        upper_bound=bootstrap.upper_bound(differences),
        tolerated_drop=metric.tolerated_drop,
    )


def is_regression(change: Change) -> bool:
    """Whether the drop is larger than tolerated, and not by chance."""
    return change.difference < -change.tolerated_drop and change.upper_bound < 0


def _unusable(message: str) -> Baseline:
    problem = Reason(code=Code.BASELINE_UNUSABLE, message=message)
    return Baseline(report=None, problem=problem, note=None)
