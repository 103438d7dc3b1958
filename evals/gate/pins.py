"""The settings that a run of the evaluation suite must use: judge, metrics, data set, caps."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Judge:
    """The model that scores, and its prices, which the spend cap counts with."""

    model: str
    base_url: str
    usd_per_million_input_tokens: float
    usd_per_million_output_tokens: float


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A score between 0 and 1; `name` is DeepEval's, `key` ours, in reports and in ClickHouse."""

    key: str
    name: str
    threshold: float  # a case below it counts as wrong
    required_mean: float  # the mean must be above it
    tolerated_drop: float  # compared with the baseline; a smaller drop is never a regression


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """The questions; `file` is relative to the repository."""

    name: str
    file: str
    sha256: str

    @property
    def version(self) -> str:
        """The label of the scores; only scores with the same label are compared."""
        return f"{self.name}@{self.sha256[:12]}"


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How often a call of the judge is repeated, and how long each attempt may take."""

    after_first_attempt: int
    seconds_per_attempt: float


@dataclass(frozen=True, kw_only=True)
class Caps:
    """The limits at which a run is stopped."""

    usd: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Pins:
    """All settings; the gate refuses results of other settings."""

    judge: Judge
    metrics: tuple[Metric, ...]
    dataset: Dataset
    minimum_cases: int
    parallel_cases: int
    retries: Retries
    caps: Caps


PINS = Pins(
    # DeepEval 4.3's default judge, as a dated snapshot: the name without a date moves to a newer model
    # one day, and changes every score. Prices: DeepEval's table (models/llms/constants.py).
    judge=Judge(
        model="gpt-5.4-2026-03-05",
        base_url="https://api.openai.com/v1",
        usd_per_million_input_tokens=2.50,
        usd_per_million_output_tokens=15.00,
    ),
    metrics=(
        Metric(
            key="faithfulness",
            name="Faithfulness",
            threshold=0.9,  # one unsupported claim of nine or fewer fails the case
            required_mean=0.9,  # the requirement; a test compares its copies with it
            tolerated_drop=0.02,  # below a hundred cases, a smaller drop is noise (dashboards/boards/ai_quality.py)
        ),
        Metric(
            key="answer_relevancy",
            name="Answer Relevancy",
            threshold=0.7,
            required_mean=0.8,  # a faithful answer to another question is worth nothing
            tolerated_drop=0.05,  # judges are less consistent about "relevant" than about "supported"
        ),
    ),
    dataset=Dataset(
        name="golden",
        file="evals/golden.jsonl",
        sha256="b06568d6771dc64ff611608088c70bdb0b0e39de8e6d0cb271ab4a0997caaa8b",
    ),
    minimum_cases=24,
    parallel_cases=4,  # up to 3 parallel calls each, far below the requests per minute of any tier
    # OpenAI's client waits 0.5 s, 1 s, 2 s … 8 s, or as long as Retry-After requires, up to two minutes.
    # A score is given up only after at least 36 s of refusals.
    retries=Retries(after_first_attempt=8, seconds_per_attempt=90),
    caps=Caps(usd=5.0, seconds=900),
)
