"""`report.json`, as report.schema.json publishes it; the brief's jq line reads `summary`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

SCHEMA = Path(__file__).parent / "report.schema.json"
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Code(StrEnum):
    """Why a gate does not open, for programs."""

    NO_RUN = "no_run"
    UNFINISHED_RUN = "unfinished_run"
    RUN_FAILED = "run_failed"
    TIME_CAP = "time_cap"
    SPEND_CAP = "spend_cap"
    NO_RESULTS = "no_results"
    SEVERAL_RESULTS = "several_results"
    TAMPERED = "tampered"
    UNREADABLE = "unreadable"
    OTHER_RUN = "other_run"
    STALE = "stale"
    NO_CASES = "no_cases"
    TOO_FEW_CASES = "too_few_cases"
    OTHER_CASES = "other_cases"
    OTHER_DATASET = "other_dataset"
    OTHER_JUDGE = "other_judge"
    OTHER_SETTINGS = "other_settings"
    METRIC_MISSING = "metric_missing"
    METRIC_ERRORED = "metric_errored"
    METRIC_UNSCORED = "metric_unscored"
    JUDGE_REFUSED_KEY = "judge_refused_key"
    JUDGE_RATE_LIMITED = "judge_rate_limited"
    BASELINE_UNUSABLE = "baseline_unusable"
    MEAN_TOO_LOW = "mean_too_low"
    REGRESSION = "regression"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One thing that keeps the gate shut: what, where, and what to do."""

    __pydantic_config__ = _STRICT

    code: Code
    message: str


@dataclass(frozen=True, kw_only=True)
class Score:
    """How one case did under one metric."""

    __pydantic_config__ = _STRICT

    case_id: str
    topic: str
    metric: str
    score: Annotated[float, Field(ge=0, le=1)]
    threshold: float
    reason: str
    """The judge's words: written by a model about a model's answer."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """The mean against the baseline's, over the same cases."""

    __pydantic_config__ = _STRICT

    baseline_mean: float
    difference: float
    upper_bound: float
    """What the difference is below with 95 % confidence; below 0, chance does not explain the drop."""
    tolerated_drop: float


@dataclass(frozen=True, kw_only=True)
class MetricResult:
    """One metric over all cases."""

    __pydantic_config__ = _STRICT

    metric: str
    mean: float
    required_mean: float
    """The mean must be above it."""
    lower_bound: float
    """What the mean of such cases is above with 95 % confidence (bootstrap)."""
    worst: Score
    cases_below_threshold: int
    change: Change | None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was run."""

    __pydantic_config__ = _STRICT

    run_id: UUID
    started_at: datetime
    commit: str
    branch: str
    agent: str
    deepeval: str
    judge_model: str
    dataset: str
    cases: int
    cost_usd: float
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """A verdict and what it stands on."""

    __pydantic_config__ = _STRICT

    schema_version: Literal[1] = 1
    verdict: Literal["pass", "fail"]
    reasons: tuple[Reason, ...]
    notes: tuple[str, ...]
    summary: dict[str, float | None]
    """Metric → mean; null while the results cannot be trusted, so that no comparison holds."""
    metrics: tuple[MetricResult, ...]
    scores: tuple[Score, ...]
    run: Facts | None


class UnreadableReportError(Exception):
    """The file is no report of this gate's."""


def text(report: Report) -> str:
    """The report as JSON; floats are written in full, so that jq compares what the gate compared."""
    return _REPORT.dump_json(report, indent=2).decode() + "\n"


def read(file: Path) -> Report:
    """A report from a file; FileNotFoundError when there is none."""
    try:
        return _REPORT.validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UnreadableReportError(
            f"{where}: {first['msg']}" if where else first["msg"]
        ) from error


def schema() -> dict[str, object]:
    """What report.schema.json holds; a test compares."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_REPORT.json_schema(mode="serialization"),
        "title": "Report of the quality gate",
    }


_REPORT = TypeAdapter(Report)
