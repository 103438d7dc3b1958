"""Synthetic test runs, the same every time, with two faults for the boards to show.

A build every 34 hours is evaluated on eight topics. The answers of one build are much less faithful,
and the next build is normal again. Two topics have far more wrong answers than the others in every run.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from evalctl.board_pages.workload import MODELS, Model
from evals.gate.pins import PINS

DAYS = 35
HOURS_BETWEEN_BUILDS = 34
CASES_PER_TOPIC = 8

# Topic → the share of its questions with a wrong answer.
_TOPICS = {
    "account": 0.02,
    "data protection": 0.35,
    "delivery": 0.04,
    "discounts": 0.03,
    "invoices": 0.02,
    "products": 0.06,
    "refunds abroad": 0.55,
    "returns": 0.03,
}
_RIGHT, _WRONG = 0.96, 0.62  # mean scores
FAILING_TOPICS = ("refunds abroad", "data protection")  # the worst first

REGRESSION_INDEX = 17  # counted from the oldest build, 0
_REGRESSION_LOSS = 0.14
_NOISE = 0.015

_THRESHOLDS = {metric.key: metric.threshold for metric in PINS.metrics}
_REASONS = ("Every claim is in the sources.", "A claim is in no source.")
_REFUSED = 0.02  # share of calls that a provider refuses at the first attempt
_JUDGE = MODELS[-1]


@dataclass(frozen=True, kw_only=True)
class EvaluationResult:
    """A row of the table `evaluation_results`."""

    evaluated_at: datetime
    environment: str
    run_id: uuid.UUID
    build: str
    built_at: datetime
    branch: str
    dataset: str
    case_id: str
    topic: str
    metric: str
    score: float
    threshold: float
    judge_model: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LlmCall:
    """A row of the table `llm_calls`."""

    called_at: datetime
    environment: str
    run_id: uuid.UUID
    provider: str
    model: str
    operation: str
    input_tokens: int
    output_tokens: int
    cost_usd: float
    duration_ms: int
    attempt: int
    error_type: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """One test run of one build."""

    index: int
    run_id: uuid.UUID
    build: str
    built_at: datetime

    @property
    def regressed(self) -> bool:
        return self.index == REGRESSION_INDEX

    def moment(self, seconds: float) -> datetime:
        """A time in the run, which starts half an hour after the build."""
        return self.built_at + timedelta(minutes=30, seconds=seconds)


def runs(*, end: int) -> tuple[Run, ...]:
    """The runs of the weeks before `end` (seconds since 1970), oldest first."""
    random = Random(1)
    count = DAYS * 24 // HOURS_BETWEEN_BUILDS
    newest = datetime.fromtimestamp(end, UTC) - timedelta(hours=2)
    return tuple(
        Run(
            index=index,
            run_id=uuid.UUID(int=random.getrandbits(128), version=4),
            build=f"{random.getrandbits(160):040x}",
            built_at=newest - timedelta(hours=HOURS_BETWEEN_BUILDS * (count - 1 - index)),
        )
        for index in range(count)
    )


def evaluation_results(environment: str, *, end: int) -> Iterator[EvaluationResult]:
    """Every score of every run."""
    random = Random(2)
    for run in runs(end=end):
        for topic, share_wrong in _TOPICS.items():
            for case in range(CASES_PER_TOPIC):
                mean = _WRONG if random.random() < share_wrong else _RIGHT
                for metric, threshold in _THRESHOLDS.items():
                    lost = _REGRESSION_LOSS * (run.regressed and metric == "faithfulness")
                    score = min(1.0, max(0.0, random.gauss(mean - lost, _NOISE)))
                    yield EvaluationResult(
                        evaluated_at=run.moment(random.uniform(0, 1_200)),
                        environment=environment,
                        run_id=run.run_id,
                        build=run.build,
                        built_at=run.built_at,
                        branch="main",
                        dataset="support-questions@3",
                        case_id=f"{topic.replace(' ', '-')}-{case + 1}",
                        topic=topic,
                        metric=metric,
                        score=round(score, 4),
                        threshold=threshold,
                        judge_model=_JUDGE.name,
                        reason=_REASONS[score < threshold],
                    )


def llm_calls(environment: str, *, end: int) -> Iterator[LlmCall]:
    """Every call of every run, of the agent and of the judge."""
    random = Random(3)
    for run in runs(end=end):
        for _ in range(len(_TOPICS) * CASES_PER_TOPIC):
            for model in MODELS:
                started = run.moment(random.uniform(0, 1_200))
                if random.random() < _REFUSED:
                    yield _call(environment, run, model, random, started, attempt=1, error="429")
                    started += timedelta(seconds=4)
                    yield _call(environment, run, model, random, started, attempt=2, error="")
                else:
                    yield _call(environment, run, model, random, started, attempt=1, error="")


def _call(
    environment: str,
    run: Run,
    model: Model,
    random: Random,
    started: datetime,
    *,
    attempt: int,
    error: str,
) -> LlmCall:
    size = 0.0 if error else random.uniform(0.6, 1.4)
    return LlmCall(
        called_at=started,
        environment=environment,
        run_id=run.run_id,
        provider=model.provider,
        model=model.name,
        operation="chat",
        input_tokens=round(model.input_tokens * size),
        output_tokens=round(model.output_tokens * size),
        cost_usd=round(model.usd_per_call * size, 6),
        duration_ms=round(1_000 * model.mean_seconds * size) or 150,
        attempt=attempt,
        error_type=error,
    )
