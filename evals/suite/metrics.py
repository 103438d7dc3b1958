"""The pinned metrics as DeepEval's."""

from deepeval.metrics import AnswerRelevancyMetric, BaseMetric, FaithfulnessMetric

from evals.gate.pins import Metric
from evals.suite.judge import PinnedJudge


def metric(pinned: Metric, judge: PinnedJudge) -> BaseMetric:
    """The metric with its threshold, in DeepEval's words."""
    match pinned.key:
        case "faithfulness":
            # Unless told otherwise, DeepEval counts a claim that the context does not mention as
            # supported ("borderline"): an invention that contradicts nothing would score 1.
            return FaithfulnessMetric(
                threshold=pinned.threshold, model=judge, penalize_ambiguous_claims=True
            )
        case "answer_relevancy":
            return AnswerRelevancyMetric(threshold=pinned.threshold, model=judge)
    raise ValueError(f"{pinned.key} is pinned in evals/gate/pins.py, and evals/ does not know it")
