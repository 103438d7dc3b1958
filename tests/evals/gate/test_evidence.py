"""Results that are missing, damaged, stale or of another run are refused, each with its reason."""

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
from tests.evals.runs import (
    Cases,
    change_record,
    change_results,
    codes,
    decide,
    messages,
    metrics_of,
    results_file,
    set_in_metric,
)


def set_in_every_metric(name: str, value: object) -> Callable[[Cases], None]:
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
        (set_in_every_metric("evaluationModel", None), Code.OTHER_JUDGE, "no model judged"),
        (set_in_metric("evaluationCost", 7.5), Code.SPEND_CAP, "its cap is 5"),
    ],
)
def test_an_incomplete_or_unexpected_result_is_refused(
    change: Callable[[Cases], object], code: Code, words: str, good_run: Path, run_pins: Pins
) -> None:
    change_results(good_run, change)

    report = decide(good_run, run_pins)

    assert code in codes(report)
    assert words in messages(report)
    assert set(report.summary.values()) == {None}
    assert not report.scores


def test_an_edited_file_is_refused(good_run: Path, run_pins: Pins) -> None:
    change_results(good_run, set_in_metric("score", 0.99), rehash=False)

    assert codes(decide(good_run, run_pins)) == {Code.TAMPERED}


def test_deepevals_own_verdict_is_ignored(good_run: Path, run_pins: Pins) -> None:
    change_results(good_run, set_in_every_metric("score", 0.5))

    def set_success(cases: Cases) -> None:
        for case in cases:
            case |= {"success": True, "flaky": True}

    change_results(good_run, set_success)

    assert codes(decide(good_run, run_pins)) == {Code.MEAN_TOO_LOW}


def test_a_folder_without_a_run_gets_the_command_that_makes_one(
    tmp_path: Path, run_pins: Pins
) -> None:
    report = decide(tmp_path / "nothing", run_pins)

    assert codes(report) == {Code.NO_RUN}
    assert "evalctl evaluate --out" in messages(report)


def test_a_lost_file_is_distinguished_from_one_that_was_never_written(
    good_run: Path, run_pins: Pins
) -> None:
    name = results_file(good_run).name
    shutil.rmtree(good_run / run.DEEPEVAL)

    report = decide(good_run, run_pins)

    assert codes(report) == {Code.NO_RESULTS}
    assert f"{name} is gone" in messages(report)


def test_results_of_two_runs_are_refused(good_run: Path, run_pins: Pins) -> None:
    file = results_file(good_run)
    shutil.copy(file, file.with_name("test_run_20200101_000000.json"))

    assert codes(decide(good_run, run_pins)) == {Code.SEVERAL_RESULTS, Code.TAMPERED}


def test_a_file_older_than_the_run_is_refused(good_run: Path, run_pins: Pins) -> None:
    file = results_file(good_run)
    file.rename(file.with_name("test_run_20200101_000000.json"))
    change_results(good_run, lambda cases: cases)  # records the new name

    report = decide(good_run, run_pins)

    assert codes(report) == {Code.STALE}
    assert "test_run_20200101_000000.json was not written during the run" in messages(report)


def test_results_of_another_commit_are_refused(good_run: Path, run_pins: Pins) -> None:
    report, _ = verdict.decide(good_run, pins=run_pins, commit="d" * 40, baseline=baseline.NONE)

    assert codes(report) == {Code.STALE}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda record: replace(record, end=None), Code.UNFINISHED_RUN),
        (lambda record: replace(record, end=replace(record.end, exit_code=3)), Code.RUN_FAILED),
        (
            lambda record: replace(record, started_at=record.started_at + timedelta(hours=1)),
            Code.STALE,
        ),
        (
            lambda record: replace(record, pins=replace(record.pins, minimum_cases=1)),
            Code.OTHER_SETTINGS,
        ),
        (
            lambda record: replace(
                record,
                pins=replace(record.pins, dataset=replace(record.pins.dataset, sha256="0" * 64)),
            ),
            Code.OTHER_DATASET,
        ),
        (
            lambda record: replace(
                record, pins=replace(record.pins, judge=replace(record.pins.judge, model="cheaper"))
            ),
            Code.OTHER_JUDGE,
        ),
    ],
)
def test_a_run_with_other_settings_is_refused(
    change: Callable[[Run], Run], code: Code, good_run: Path, run_pins: Pins
) -> None:
    change_record(good_run, change)

    assert codes(decide(good_run, run_pins)) == {code}


def test_another_runs_results_are_refused(good_run: Path, run_pins: Pins) -> None:
    file = results_file(good_run)
    content = file.read_text()
    record = run.read(good_run / run.RECORD)
    file.write_text(content.replace(str(record.run_id), "00000000-0000-0000-0000-000000000000"))
    change_results(good_run, lambda cases: cases)

    assert codes(decide(good_run, run_pins)) == {Code.OTHER_RUN}


@pytest.mark.parametrize("file", [run.RECORD, "deepeval"])
def test_half_a_file_gives_a_reason_and_no_traceback(
    file: str, good_run: Path, run_pins: Pins
) -> None:
    path = good_run / file if file == run.RECORD else results_file(good_run)
    path.write_text(path.read_text()[:500])

    assert Code.UNREADABLE in codes(decide(good_run, run_pins))


def test_an_edited_data_set_is_refused_with_the_hash_to_pin(good_run: Path, run_pins: Pins) -> None:
    other = replace(run_pins, dataset=replace(run_pins.dataset, sha256="0" * 64))

    report = decide(good_run, other)

    assert Code.OTHER_DATASET in codes(report)
    assert f'sha256="{run_pins.dataset.sha256}" in evals/gate/pins.py' in messages(report)


def test_every_problem_is_reported_at_once(good_run: Path, run_pins: Pins) -> None:
    change_results(good_run, set_in_metric("error", "Error code: 500"))
    change_results(good_run, lambda cases: cases.pop())
    change_results(good_run, replace_in_case("input", "Easier?"), rehash=False)

    assert codes(decide(good_run, run_pins)) == {
        Code.METRIC_ERRORED,
        Code.TOO_FEW_CASES,
        Code.OTHER_CASES,
        Code.TAMPERED,
    }
