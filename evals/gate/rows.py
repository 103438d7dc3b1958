"""Scores as rows of ClickHouse's table evaluation_results, for the product team's board."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from evals.gate.report import Score
from evals.gate.run import Run


def rows(run: Run, scores: Sequence[Score]) -> str:
    """The input of `INSERT INTO evaluation_results FORMAT JSONEachRow`."""
    return "".join(json.dumps(_row(run, score), ensure_ascii=False) + "\n" for score in scores)


def _row(run: Run, score: Score) -> dict[str, str | float]:
    assert run.end is not None, "a run without an end has no scores"
    return {
        # DeepEval records no time for a single score.
        "evaluated_at": _time(run.end.at, "milliseconds"),
        "environment": run.environment,
        "run_id": str(run.run_id),
        "build": run.commit,
        "built_at": _time(run.built_at, "seconds"),
        "branch": run.branch,
        "dataset": run.pins.dataset.version,
        "case_id": score.case_id,
        "topic": score.topic,
        "metric": score.metric,
        "score": score.score,
        "threshold": score.threshold,
        "judge_model": run.pins.judge.model,
        "reason": score.reason,
    }


def _time(moment: datetime, precision: str) -> str:
    """In the form that ClickHouse reads by default; the column is in UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec=precision)
