"""Queries the agent with every case, judges all answers in one evaluation, and reports each case."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from deepeval.evaluate import AsyncConfig, DisplayConfig, ErrorConfig, evaluate
from deepeval.evaluate.types import TestResult
from deepeval.test_case import LLMTestCase

from evals.gate import dataset, run
from evals.gate.dataset import Case
from evals.suite import agent
from evals.suite.judge import PinnedJudge
from evals.suite.metrics import metric

_FOLDER = Path(os.environ["EVAL_RUN"]).parent
PINS = run.read(_FOLDER / run.RECORD).pins
CASES = dataset.read(PINS.dataset)


def query_agent(case: Case) -> LLMTestCase | str:
    """The case with the agent's answer, or the agent's error."""
    try:
        answer = agent.answer(case, recorded=dataset.path(PINS.dataset).parent / agent.RECORDED)
    except agent.AgentError as error:
        return str(error)
    return LLMTestCase(
        name=case.id,
        input=case.question,
        actual_output=answer,
        expected_output=case.expected_answer,
        retrieval_context=list(case.context),
        metadata={"topic": case.topic, "dataset": PINS.dataset.version},
    )


@pytest.fixture(scope="session")
def judged() -> dict[str, TestResult | str]:
    """Case → its result, or why it was not judged."""
    with ThreadPoolExecutor(PINS.parallel_cases) as pool:
        replies = dict(zip([case.id for case in CASES], pool.map(query_agent, CASES), strict=True))
    answered = [case for case in replies.values() if isinstance(case, LLMTestCase)]
    unanswered = {name: error for name, error in replies.items() if isinstance(error, str)}
    if unanswered:
        (_FOLDER / run.AGENT_ERRORS).write_text(json.dumps(unanswered))
    if not answered:
        return unanswered
    judge = PinnedJudge(PINS, progress=_FOLDER / run.PROGRESS)
    results = evaluate(
        answered,
        [metric(pinned, judge) for pinned in PINS.metrics],
        # An error is recorded with its case, and the other cases are still judged.
        error_config=ErrorConfig(ignore_errors=True),
        async_config=AsyncConfig(max_concurrent=PINS.parallel_cases),
        display_config=DisplayConfig(show_indicator=False, print_results=False),
    )
    return {**unanswered, **{result.name: result for result in results.test_results}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_answer_is_good(case: Case, judged: dict[str, TestResult | str]) -> None:
    """For readers of DeepEval's output; `evalctl gate` decides."""
    result = judged[case.id]
    if isinstance(result, str):
        pytest.fail(result, pytrace=False)
    failed = [data for data in result.metrics_data or [] if not data.success]
    if failed:
        reasons = [f"{d.name}: {d.error or d.reason} (score {d.score})" for d in failed]
        pytest.fail("\n".join(reasons), pytrace=False)
