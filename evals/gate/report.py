"""`report.json`, in the form that report.schema.json publishes. CI also reads `summary` with jq."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, TypeAdapter

from evals.gate import files

SCHEMA = Path(__file__).parent / "report.schema.json"
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Code(StrEnum):
    """Why the gate fails, for programs."""

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
    """Why the gate fails: what is wrong, where, and what to do."""

    __pydantic_config__ = _STRICT

    code: Code
    message: str


@dataclass(frozen=True, kw_only=True)
class Score:
    """The score of one case under one metric."""

    __pydantic_config__ = _STRICT

    case_id: str
    topic: str
    metric: str
    score: Annotated[float, Field(ge=0, le=1)]
    threshold: float
    reason: str
    """The judge's reason: a model wrote it about a model's answer."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """The mean compared with the baseline's, over the same cases."""

    __pydantic_config__ = _STRICT

    baseline_mean: float
    difference: float
    upper_bound: float
    """The difference is below it with 95 % confidence; below 0, chance does not explain the drop."""
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
    """The mean of such cases is above it with 95 % confidence (bootstrap)."""
    worst: Score
    cases_below_threshold: int
    change: Change | None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The run that the report is about."""

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
    """A verdict and its evidence."""

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


def text(report: Report) -> str:
    """The report as JSON. Floats are not rounded: jq compares the same numbers as the gate."""
    return _REPORT.dump_json(report, indent=2).decode() + "\n"


def read(file: Path) -> Report:
    """The report in a file.

    Raises:
        FileNotFoundError: there is no such file.
        InvalidJsonError: the file is not a report of this gate.
    """
    return files.parse(_REPORT, file.read_bytes())


def schema() -> dict[str, object]:
    """The content of report.schema.json; a test compares them."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_REPORT.json_schema(mode="serialization"),
        "title": "Report of the quality gate",
    }


_REPORT = TypeAdapter(Report)
