"""Checks that the pinned judge scored every golden case, unchanged, under every pinned metric."""

from collections.abc import Iterator, Sequence

from evals.gate import judge_errors, run
from evals.gate.dataset import Case
from evals.gate.pins import Metric, Pins
from evals.gate.report import Code, Reason, Score
from evals.gate.results import MetricData, TestCase, TestRun
from evals.gate.run import Run

_LISTED = 3  # cases that a message lists


def problems(tests: TestRun, golden: Sequence[Case], pins: Pins, record: Run) -> Iterator[Reason]:
    """What is wrong with the cases and their scores."""
    yield from _case_problems(tests, golden, pins, record)
    for metric in pins.metrics:
        yield from _metric_problems(metric, tests.test_cases, pins)
    yield from _cost_problems(tests.test_cases, pins)


def scores(
    cases: Sequence[TestCase], golden: Sequence[Case], metrics: Sequence[Metric]
) -> Iterator[Score]:
    """The scores of results without problems, with the pinned thresholds and topics."""
    topics = {case.id: case.topic for case in golden}
    for case in cases:
        for metric in metrics:
            data = _data(metric, case)
            assert data is not None, "a missing metric is a problem"
            assert data.score is not None, "a missing score is a problem"
            yield Score(
                case_id=case.name,
                topic=topics[case.name],
                metric=metric.key,
                score=data.score,
                threshold=metric.threshold,
                reason=data.reason or "",
            )


def _case_problems(
    tests: TestRun, golden: Sequence[Case], pins: Pins, record: Run
) -> Iterator[Reason]:
    if tests.identifier != str(record.run_id):
        message = (
            f"The results are of run {tests.identifier}, but {run.RECORD} is of {record.run_id}."
        )
        yield Reason(code=Code.OTHER_RUN, message=message)
    names = [case.name for case in tests.test_cases]
    if not names:
        yield Reason(code=Code.NO_CASES, message="DeepEval judged no case at all.")
        return
    if len(set(names)) < pins.minimum_cases:
        message = f"{len(set(names))} cases were judged, but {pins.minimum_cases} are required."
        yield Reason(code=Code.TOO_FEW_CASES, message=message)
    expected = {case.id: case for case in golden}
    if missing := [name for name in expected if name not in names]:
        message = f"Cases were not judged: {_list(missing)}. {run.LOG} has the reason, such as an error of the agent."
        yield Reason(code=Code.TOO_FEW_CASES, message=message)
    unexpected = [name for name in names if name not in expected or names.count(name) > 1]
    unexpected += [
        case.name
        for case in tests.test_cases
        if case.name in expected and not _unchanged(case, expected[case.name])
    ]
    if golden and unexpected:
        message = (
            f"Cases are not those of {pins.dataset.file}, or are there twice: {_list(unexpected)}."
        )
        yield Reason(code=Code.OTHER_CASES, message=message)
    versions = {case.metadata.get("dataset", "none") for case in tests.test_cases}
    if others := sorted(versions - {pins.dataset.version}):
        message = f"Cases are of {', '.join(others)}, but {pins.dataset.version} is pinned."
        yield Reason(code=Code.OTHER_DATASET, message=message)


def _unchanged(judged: TestCase, golden: Case) -> bool:
    return (judged.input, judged.retrieval_context, judged.expected_output) == (
        golden.question,
        golden.context,
        golden.expected_answer,
    )


def _metric_problems(metric: Metric, cases: Sequence[TestCase], pins: Pins) -> Iterator[Reason]:
    found = [(case.name, _data(metric, case)) for case in cases]
    if missing := [name for name, data in found if data is None]:
        message = f"{metric.key}: not measured for {_list(missing)}. Does evals/suite/metrics.py build it?"
        yield Reason(code=Code.METRIC_MISSING, message=message)
    measured = [(name, data) for name, data in found if data is not None]
    yield from _judge_errors(metric, [(name, data.error) for name, data in measured if data.error])
    scored = [(name, data) for name, data in measured if not data.error]
    unscored = [name for name, data in scored if data.score is None or not 0 <= data.score <= 1]
    if unscored:
        message = f"{metric.key}: no score between 0 and 1 for {_list(unscored)}. See {run.LOG}."
        yield Reason(code=Code.METRIC_UNSCORED, message=message)
    judges = {data.evaluation_model or "no model" for _, data in measured}
    if others := sorted(judges - {pins.judge.model}):
        message = f"{metric.key}: {', '.join(others)} judged, but {pins.judge.model} is pinned."
        yield Reason(code=Code.OTHER_JUDGE, message=message)
    if any(data.threshold != metric.threshold for _, data in measured):
        message = f"{metric.key}: not measured with the pinned threshold of {metric.threshold:g}."
        yield Reason(code=Code.OTHER_SETTINGS, message=message)


def _judge_errors(metric: Metric, errors: list[tuple[str, str]]) -> Iterator[Reason]:
    """One reason for each kind of error: a refused key is one problem, whatever the number of cases."""
    kinds: dict[Code, list[tuple[str, str]]] = {}
    for name, error in errors:
        kinds.setdefault(judge_errors.code(error), []).append((name, error))
    for code, of_kind in kinds.items():
        first = judge_errors.redacted(of_kind[0][1])
        names = _list([name for name, _ in of_kind])
        yield Reason(
            code=code,
            message=f"{metric.key}: no score for {names}: {first} {judge_errors.what_to_do(code)}",
        )


def _cost_problems(cases: Sequence[TestCase], pins: Pins) -> Iterator[Reason]:
    cost = sum(data.evaluation_cost or 0 for case in cases for data in case.metrics_data)
    if cost > pins.caps.usd:
        message = f"The run cost {cost:.2f} USD; its cap is {pins.caps.usd:g} (evals/gate/pins.py)."
        yield Reason(code=Code.SPEND_CAP, message=message)


def _data(metric: Metric, case: TestCase) -> MetricData | None:
    found = [data for data in case.metrics_data if data.name == metric.name]
    return found[0] if len(found) == 1 else None


def _list(names: Sequence[str]) -> str:
    """The first few names, and the number of the others."""
    shown = ", ".join(names[:_LISTED])
    more = len(names) - _LISTED
    return f"{shown} and {more} more" if more > 0 else shown
