"""Was every golden case judged, as it is, under every pinned metric, by the pinned judge?"""

from collections.abc import Iterator, Sequence

from evals.gate import judge_errors, run
from evals.gate.dataset import Case
from evals.gate.pins import Metric, Pins
from evals.gate.report import Code, Reason, Score
from evals.gate.results import MetricData, TestCase, TestRun
from evals.gate.run import Run

_NAMED = 3  # cases that a message names


def doubts(tests: TestRun, golden: Sequence[Case], pins: Pins, made: Run) -> Iterator[Reason]:
    """What is wrong with the cases and their scores."""
    yield from _about_the_cases(tests, golden, pins, made)
    for metric in pins.metrics:
        yield from _about_the_metric(metric, tests.test_cases, pins)
    yield from _about_the_cost(tests.test_cases, pins)


def scores(
    cases: Sequence[TestCase], golden: Sequence[Case], metrics: Sequence[Metric]
) -> Iterator[Score]:
    """The scores of results without doubts; thresholds and topics are those that are pinned."""
    topics = {case.id: case.topic for case in golden}
    for case in cases:
        for metric in metrics:
            data = _of(metric, case)
            assert data is not None, "a missing metric is a doubt"
            assert data.score is not None, "a missing score is a doubt"
            yield Score(
                case_id=case.name,
                topic=topics[case.name],
                metric=metric.key,
                score=data.score,
                threshold=metric.threshold,
                reason=data.reason or "",
            )


def _about_the_cases(
    tests: TestRun, golden: Sequence[Case], pins: Pins, made: Run
) -> Iterator[Reason]:
    if tests.identifier != str(made.run_id):
        why = (
            f"The results are of the run {tests.identifier}, and {run.RECORD} is of {made.run_id}."
        )
        yield Reason(code=Code.OTHER_RUN, message=why)
    names = [case.name for case in tests.test_cases]
    if not names:
        yield Reason(code=Code.NO_CASES, message="DeepEval judged no case at all.")
        return
    if len(set(names)) < pins.minimum_cases:
        why = f"{len(set(names))} cases were judged, and {pins.minimum_cases} are required."
        yield Reason(code=Code.TOO_FEW_CASES, message=why)
    expected = {case.id: case for case in golden}
    if missing := [name for name in expected if name not in names]:
        why = f"Cases were not judged: {_some(missing)}. {run.LOG} tells why, such as an agent's error."
        yield Reason(code=Code.TOO_FEW_CASES, message=why)
    odd = [name for name in names if name not in expected or names.count(name) > 1]
    odd += [
        case.name
        for case in tests.test_cases
        if case.name in expected and not _same(case, expected[case.name])
    ]
    if golden and odd:
        why = f"Cases are not those of {pins.dataset.file}, or are there twice: {_some(odd)}."
        yield Reason(code=Code.OTHER_CASES, message=why)
    versions = {case.metadata.get("dataset", "none") for case in tests.test_cases}
    if others := sorted(versions - {pins.dataset.version}):
        why = f"Cases are of {', '.join(others)}, and {pins.dataset.version} is pinned."
        yield Reason(code=Code.OTHER_DATASET, message=why)


def _same(judged: TestCase, golden: Case) -> bool:
    return (judged.input, judged.retrieval_context, judged.expected_output) == (
        golden.question,
        golden.context,
        golden.expected_answer,
    )


def _about_the_metric(metric: Metric, cases: Sequence[TestCase], pins: Pins) -> Iterator[Reason]:
    found = [(case.name, _of(metric, case)) for case in cases]
    if missing := [name for name, data in found if data is None]:
        why = f"{metric.key}: not measured for {_some(missing)}. Is it in evals/suite/metrics.py?"
        yield Reason(code=Code.METRIC_MISSING, message=why)
    measured = [(name, data) for name, data in found if data is not None]
    yield from _about_errors(metric, [(name, data) for name, data in measured if data.error])
    scored = [(name, data) for name, data in measured if not data.error]
    unscored = [name for name, data in scored if data.score is None or not 0 <= data.score <= 1]
    if unscored:
        why = f"{metric.key}: no score between 0 and 1 for {_some(unscored)}. See {run.LOG}."
        yield Reason(code=Code.METRIC_UNSCORED, message=why)
    judges = {data.evaluation_model or "nobody" for _, data in measured}
    if others := sorted(judges - {pins.judge.model}):
        why = f"{metric.key}: {', '.join(others)} judged, and {pins.judge.model} is pinned."
        yield Reason(code=Code.OTHER_JUDGE, message=why)
    if any(data.threshold != metric.threshold for _, data in measured):
        why = f"{metric.key}: not measured with the pinned threshold of {metric.threshold:g}."
        yield Reason(code=Code.OTHER_SETTINGS, message=why)


def _about_errors(metric: Metric, errored: list[tuple[str, MetricData]]) -> Iterator[Reason]:
    """One reason for each kind of error: a refused key is one problem, and not as many as cases."""
    kinds: dict[Code, list[tuple[str, str]]] = {}
    for name, data in errored:
        error = data.error or ""
        kinds.setdefault(judge_errors.code(error), []).append((name, error))
    for code, of_kind in kinds.items():
        first = judge_errors.cleaned(of_kind[0][1])
        names = _some([name for name, _ in of_kind])
        yield Reason(
            code=code,
            message=f"{metric.key}: no score for {names}: {first} {judge_errors.what_to_do(code)}",
        )


def _about_the_cost(cases: Sequence[TestCase], pins: Pins) -> Iterator[Reason]:
    cost = sum(data.evaluation_cost or 0 for case in cases for data in case.metrics_data)
    if cost > pins.caps.usd:
        why = f"The run cost {cost:.2f} USD, and its cap is {pins.caps.usd:g} (evals/gate/pins.py)."
        yield Reason(code=Code.SPEND_CAP, message=why)


def _of(metric: Metric, case: TestCase) -> MetricData | None:
    found = [data for data in case.metrics_data if data.name == metric.name]
    return found[0] if len(found) == 1 else None


def _some(names: Sequence[str]) -> str:
    """The first few, and how many there are."""
    shown = ", ".join(names[:_NAMED])
    more = len(names) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown
