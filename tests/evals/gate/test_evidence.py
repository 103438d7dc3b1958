"""Results that are missing, spoilt, stale or somebody else's are refused, each with its reason."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evals.gate import baseline, run, verdict
from evals.gate.pins import Pins
from evals.gate.report import Code
from evals.gate.run import Run
from tests.evals.runs import change_record, change_results, codes, decide, results_file, said

# One worker waits for the run that these read.
pytestmark = pytest.mark.xdist_group("good run")

Cases = list[dict[str, object]]


def metrics_of(case: dict[str, object]) -> list[dict[str, object]]:
    metrics = case["metricsData"]
    assert isinstance(metrics, list)
    return metrics


def set_in_metric(name: str, value: object) -> Callable[[Cases], None]:
    """Of the first case's first metric, faithfulness."""

    def change(cases: Cases) -> None:
        metrics_of(cases[0])[0][name] = value

    return change


def everywhere(name: str, value: object) -> Callable[[Cases], None]:
    def change(cases: Cases) -> None:
        for case in cases:
            for metric in metrics_of(case):
                metric[name] = value

    return change


def replace_in_case(name: str, value: object) -> Callable[[Cases], None]:
    def change(cases: Cases) -> None:
        cases[0][name] = value

    return change


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (list.clear, Code.NO_CASES, "no case at all"),
        (lambda cases: cases.pop(), Code.TOO_FEW_CASES, "not judged: add-environment"),
        (
            lambda cases: cases.__delitem__(slice(20, None)),
            Code.TOO_FEW_CASES,
            "20 cases were judged",
        ),
        (lambda cases: cases.append(cases[0]), Code.OTHER_CASES, "twice: release-to-dev"),
        (replace_in_case("name", "easier"), Code.OTHER_CASES, "easier"),
        (replace_in_case("input", "What is 1 + 1?"), Code.OTHER_CASES, "release-to-dev"),
        (replace_in_case("retrievalContext", ["All."]), Code.OTHER_CASES, "release-to-dev"),
        (replace_in_case("metadata", {"dataset": "golden@old"}), Code.OTHER_DATASET, "golden@old"),
        (replace_in_case("metricsData", []), Code.METRIC_MISSING, "faithfulness: not measured"),
        (replace_in_case("metricsData", None), Code.UNREADABLE, "testCases.0.metricsData"),
        (set_in_metric("name", "Toxicity"), Code.METRIC_MISSING, "evals/suite/metrics.py"),
        (set_in_metric("score", None), Code.METRIC_UNSCORED, "release-to-dev"),
        (set_in_metric("score", 1.5), Code.METRIC_UNSCORED, "between 0 and 1"),
        (set_in_metric("score", float("nan")), Code.UNREADABLE, "finite number"),
        (set_in_metric("error", "invalid JSON"), Code.METRIC_ERRORED, "invalid JSON"),
        (set_in_metric("threshold", 0.5), Code.OTHER_SETTINGS, "threshold of 0.9"),
        (
            set_in_metric("evaluationModel", "gpt-3.5-turbo"),
            Code.OTHER_JUDGE,
            "gpt-3.5-turbo judged",
        ),
        (everywhere("evaluationModel", None), Code.OTHER_JUDGE, "nobody judged"),
        (set_in_metric("evaluationCost", 7.5), Code.SPEND_CAP, "its cap is 5"),
    ],
)
def test_a_result_that_is_not_whole_is_refused(
    change: Callable[[Cases], object], code: Code, words: str, good_run: Path, its_pins: Pins
) -> None:
    change_results(good_run, change)

    report = decide(good_run, its_pins)

    assert code in codes(report)
    assert words in said(report)
    assert set(report.summary.values()) == {None}
    assert not report.scores


def test_an_edited_file_is_found_out(good_run: Path, its_pins: Pins) -> None:
    change_results(good_run, set_in_metric("score", 0.99), hide=False)

    assert codes(decide(good_run, its_pins)) == {Code.TAMPERED}


def test_a_verdict_of_deepevals_does_not_count(good_run: Path, its_pins: Pins) -> None:
    change_results(good_run, everywhere("score", 0.5))

    def praise(cases: Cases) -> None:
        for case in cases:
            case |= {"success": True, "flaky": True}

    change_results(good_run, praise)

    assert codes(decide(good_run, its_pins)) == {Code.MEAN_TOO_LOW}


def test_a_folder_without_a_run_says_how_to_make_one(tmp_path: Path, its_pins: Pins) -> None:
    report = decide(tmp_path / "nothing", its_pins)

    assert codes(report) == {Code.NO_RUN}
    assert "evalctl evaluate --out" in said(report)


def test_a_lost_file_is_told_from_one_that_was_never_written(
    good_run: Path, its_pins: Pins
) -> None:
    name = results_file(good_run).name
    shutil.rmtree(good_run / run.DEEPEVAL)

    report = decide(good_run, its_pins)

    assert codes(report) == {Code.NO_RESULTS}
    assert f"{name} is gone" in said(report)


def test_results_of_two_runs_are_refused(good_run: Path, its_pins: Pins) -> None:
    file = results_file(good_run)
    shutil.copy(file, file.with_name("test_run_20200101_000000.json"))

    assert codes(decide(good_run, its_pins)) == {Code.SEVERAL_RESULTS, Code.TAMPERED}


def test_a_file_older_than_the_run_is_refused(good_run: Path, its_pins: Pins) -> None:
    file = results_file(good_run)
    file.rename(file.with_name("test_run_20200101_000000.json"))
    change_results(good_run, lambda cases: cases)  # its name is the recorded one now

    report = decide(good_run, its_pins)

    assert codes(report) == {Code.STALE}
    assert "test_run_20200101_000000.json was not written during the run" in said(report)


def test_results_of_another_commit_are_refused(good_run: Path, its_pins: Pins) -> None:
    report, _ = verdict.decide(good_run, pins=its_pins, commit="d" * 40, baseline=baseline.NONE)

    assert codes(report) == {Code.STALE}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda made: replace(made, end=None), Code.UNFINISHED_RUN),
        (lambda made: replace(made, end=replace(made.end, exit_code=3)), Code.RUN_FAILED),
        (
            lambda made: replace(made, started_at=made.started_at + timedelta(hours=1)),
            Code.STALE,
        ),
        (
            lambda made: replace(made, pins=replace(made.pins, minimum_cases=1)),
            Code.OTHER_SETTINGS,
        ),
        (
            lambda made: replace(
                made, pins=replace(made.pins, dataset=replace(made.pins.dataset, sha256="0" * 64))
            ),
            Code.OTHER_DATASET,
        ),
        (
            lambda made: replace(
                made, pins=replace(made.pins, judge=replace(made.pins.judge, model="cheaper"))
            ),
            Code.OTHER_JUDGE,
        ),
    ],
)
def test_a_run_that_was_not_as_pinned_is_refused(
    change: Callable[[Run], Run], code: Code, good_run: Path, its_pins: Pins
) -> None:
    change_record(good_run, change)

    assert codes(decide(good_run, its_pins)) == {code}


def test_another_runs_results_are_refused(good_run: Path, its_pins: Pins) -> None:
    file = results_file(good_run)
    content = file.read_text()
    made = run.read(good_run / run.RECORD)
    file.write_text(content.replace(str(made.run_id), "00000000-0000-0000-0000-000000000000"))
    change_results(good_run, lambda cases: cases)

    assert codes(decide(good_run, its_pins)) == {Code.OTHER_RUN}


@pytest.mark.parametrize("file", [run.RECORD, "deepeval"])
def test_half_a_file_is_no_traceback(file: str, good_run: Path, its_pins: Pins) -> None:
    half = good_run / file if file == run.RECORD else results_file(good_run)
    half.write_text(half.read_text()[:500])

    assert Code.UNREADABLE in codes(decide(good_run, its_pins))


def test_a_data_set_that_was_edited_without_pinning_it_says_what_to_pin(
    good_run: Path, its_pins: Pins
) -> None:
    other = replace(its_pins, dataset=replace(its_pins.dataset, sha256="0" * 64))

    report = decide(good_run, other)

    assert Code.OTHER_DATASET in codes(report)
    assert f'sha256="{its_pins.dataset.sha256}" in evals/gate/pins.py' in said(report)


def test_every_doubt_is_told_at_once(good_run: Path, its_pins: Pins) -> None:
    change_results(good_run, set_in_metric("error", "Error code: 500"))
    change_results(good_run, lambda cases: cases.pop())
    change_results(good_run, replace_in_case("input", "Easier?"), hide=False)

    assert codes(decide(good_run, its_pins)) == {
        Code.METRIC_ERRORED,
        Code.TOO_FEW_CASES,
        Code.OTHER_CASES,
        Code.TAMPERED,
    }
