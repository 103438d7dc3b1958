"""Builds DeepEval's metrics from the pinned ones."""

from deepeval.metrics import AnswerRelevancyMetric, BaseMetric, FaithfulnessMetric

from evals.gate.pins import Metric
from evals.suite.judge import PinnedJudge


def metric(pinned: Metric, judge: PinnedJudge) -> BaseMetric:
    """DeepEval's metric with the pinned threshold."""
    match pinned.key:
        case "faithfulness":
            # By default DeepEval counts a claim that the context does not mention as supported
            # ("borderline"): an invented claim that contradicts nothing would score 1.
            return FaithfulnessMetric(
                threshold=pinned.threshold, model=judge, penalize_ambiguous_claims=True
            )
        case "answer_relevancy":
            return AnswerRelevancyMetric(threshold=pinned.threshold, model=judge)
    raise ValueError(
        f"{pinned.key} is pinned in evals/gate/pins.py, but evals/suite/metrics.py does not build it"
    )
