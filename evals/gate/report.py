"""`report.json`, in the form that report.schema.json publishes. CI also reads `summary` with jq."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from evals.gate import files

SCHEMA = Path(__file__).parent / "report.schema.json"


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


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
    JUDGE_UNREACHABLE = "judge_unreachable"
    AGENT_UNREACHABLE = "agent_unreachable"
    AGENT_FAILED = "agent_failed"
    JUDGE_RATE_LIMITED = "judge_rate_limited"
    BASELINE_UNUSABLE = "baseline_unusable"
    MEAN_TOO_LOW = "mean_too_low"
    REGRESSION = "regression"


class Reason(_Part):
    """Why the gate fails: what is wrong, where, and what to do."""

    code: Code
    message: str


class Score(_Part):
    """The score of one case under one metric."""

    case_id: str
    topic: str
    metric: str
    score: Annotated[float, Field(ge=0, le=1)]
    threshold: float
    reason: str
    """The judge's reason: a model wrote it about a model's answer."""


class Change(_Part):
    """The mean compared with the baseline's, over the same cases."""

    baseline_mean: float
    difference: float
    upper_bound: float
    """The difference is below it with 95 % confidence; below 0, chance does not explain the drop."""
    tolerated_drop: float


class MetricResult(_Part):
    """One metric over all cases."""

    metric: str
    mean: float
    required_mean: float
    """The mean must be above it."""
    lower_bound: float
    """The mean of such cases is above it with 95 % confidence (bootstrap)."""
    worst: Score
    cases_below_threshold: int
    change: Change | None


class Facts(_Part):
    """The run that the report is about."""

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


class Report(_Part):
    """A verdict and its evidence."""

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
    return to_json(report, indent=2).decode() + "\n"


def read(file: Path) -> Report:
    """The report in a file.

    Raises:
        FileNotFoundError: there is no such file.
        InvalidJsonError: the file is not a report of this gate.
    """
    return files.parse(Report, file.read_bytes())


def schema() -> dict[str, object]:
    """The content of report.schema.json; a test compares them."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Report.model_json_schema(mode="serialization"),
        "title": "Report of the quality gate",
    }
