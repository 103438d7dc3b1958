"""How an answer is scored. To score in another way, replace `judge`: nothing else depends on DeepEval."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from deepeval.metrics import AnswerRelevancyMetric, BaseMetric, FaithfulnessMetric
from deepeval.models import DeepEvalBaseLLM
from deepeval.test_case import LLMTestCase
from pydantic import BaseModel

from workload.requests import Case

Ask = Callable[[str, type[BaseModel] | None], Awaitable[str | BaseModel]]


@dataclass(frozen=True, kw_only=True)
class Score:
    """One metric's score, between 0 and 1."""

    metric: str
    score: float
    threshold: float
    reason: str


async def judge(case: Case, answer: str, *, model: str, ask: Ask) -> list[Score]:
    """Scores an answer. `ask` sends one prompt to the judge's model, within all limits and with retries.

    The metrics and thresholds are those of the quality gate (evals/gate/pins.py).
    """
    llm = _Model(model, ask)
    metrics: dict[str, BaseMetric] = {
        "answer_relevancy": AnswerRelevancyMetric(threshold=0.7, model=llm)
    }
    if case.context:
        metrics["faithfulness"] = FaithfulnessMetric(
            threshold=0.9, model=llm, penalize_ambiguous_claims=True
        )
    test_case = LLMTestCase(
        input=case.question, actual_output=answer, retrieval_context=list(case.context) or None
    )
    scores = []
    for name, metric in metrics.items():
        # One after the other: a job makes two calls at a time at most.
        await metric.a_measure(test_case, _show_indicator=False)
        score, threshold = float(metric.score or 0), float(metric.threshold or 0)
        reason = str(metric.reason or "")
        scores.append(Score(metric=name, score=score, threshold=threshold, reason=reason))
    return scores


class _Model(DeepEvalBaseLLM):  # type: ignore[no-untyped-call]
    """DeepEval's view of the judge's model. DeepEval retries only in its own models, not in this."""

    def __init__(self, model: str, ask: Ask) -> None:
        super().__init__(model)
        self._name, self._ask = model, ask

    def load_model(self) -> "_Model":
        return self

    def get_model_name(self) -> str:
        return self._name

    def generate(  # type: ignore[override]  # DeepEval accepts the schema's type too
        self, prompt: str, schema: type[BaseModel] | None = None
    ) -> str | BaseModel:
        raise NotImplementedError("the worker calls models asynchronously only")

    async def a_generate(  # type: ignore[override]
        self, prompt: str, schema: type[BaseModel] | None = None
    ) -> str | BaseModel:
        return await self._ask(prompt, schema)
