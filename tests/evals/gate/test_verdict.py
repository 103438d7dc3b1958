"""Scores compared with the required means and with main."""

from pathlib import Path

import pytest

from evals.gate import baseline, bootstrap, report, verdict
from evals.gate.pins import Pins
from evals.gate.report import Code, Report
from tests.evals.runs import (
    COMMIT,
    GOLDEN,
    codes,
    decide,
    messages,
    set_faithfulness,
)


def against(before: Report, folder: Path, pins: Pins, tmp_path: Path) -> Report:
    file = tmp_path / "main.json"
    file.write_text(report.text(before))
    decided, _ = verdict.decide(folder, pins=pins, commit=COMMIT, baseline=baseline.read(file))
    return decided


def test_the_mean_must_be_above_the_required_one_and_not_equal(
    good_run: Path, run_pins: Pins
) -> None:
    set_faithfulness(good_run, [0.9] * GOLDEN)
    reached = decide(good_run, run_pins)
    set_faithfulness(good_run, [0.9] * (GOLDEN - 1) + [0.91])
    exceeded = decide(good_run, run_pins)

    assert codes(reached) == {Code.MEAN_TOO_LOW}
    assert reached.summary["faithfulness"] == 0.9
    assert exceeded.verdict == "pass"


def test_the_worst_case_and_a_lower_bound_are_reported(good_run: Path, run_pins: Pins) -> None:
    set_faithfulness(good_run, [1.0, 0.25, 0.5])

    faithfulness = decide(good_run, run_pins).metrics[0]

    assert faithfulness.worst.case_id == "promote-to-prod"
    assert faithfulness.worst.score == 0.25
    assert faithfulness.cases_below_threshold == 2
    assert 0.85 < faithfulness.lower_bound < faithfulness.mean < 1


def test_the_bootstrap_agrees_with_the_normal_approximation_where_that_holds() -> None:
    scores = [n / 199 for n in range(200)]  # mean 0.5, standard error 0.0204
    margin = 1.645 * 0.0204

    assert bootstrap.lower_bound(scores) == pytest.approx(0.5 - margin, abs=0.002)
    assert bootstrap.upper_bound(scores) == pytest.approx(0.5 + margin, abs=0.002)


def test_the_same_results_get_the_same_verdict(good_run: Path, run_pins: Pins) -> None:
    set_faithfulness(good_run, [0.3, 0.7])

    assert decide(good_run, run_pins) == decide(good_run, run_pins)


@pytest.mark.parametrize(
    ("now", "is_regression"),
    [
        ([], False),
        ([0.0], False),  # 0.04 lower, by one case: that is noise
        ([0.99] * GOLDEN, False),  # all lower, by less than is tolerated
        ([0.6, 0.6, 0.6, 0.6], True),  # 0.06 lower, by four cases
        ([0.95] * GOLDEN, True),
    ],
)
def test_a_drop_against_main_fails_when_it_is_more_than_noise(
    now: list[float], is_regression: bool, good_run: Path, run_pins: Pins, tmp_path: Path
) -> None:
    before = decide(good_run, run_pins)
    set_faithfulness(good_run, now)

    decided = against(before, good_run, run_pins, tmp_path)

    assert codes(decided) == ({Code.REGRESSION} if is_regression else set())
    assert decided.metrics[0].change is not None
    assert decided.metrics[0].change.baseline_mean == 1.0


def test_an_answer_that_got_better_is_no_regression(
    good_run: Path, run_pins: Pins, tmp_path: Path
) -> None:
    set_faithfulness(good_run, [0.6, 0.6, 0.6])
    before = decide(good_run, run_pins)
    set_faithfulness(good_run, [])

    decided = against(before, good_run, run_pins, tmp_path)

    assert decided.verdict == "pass"
    assert decided.metrics[0].change is not None
    assert decided.metrics[0].change.difference > 0.04


@pytest.mark.parametrize(
    ("name", "value"), [("judge_model", "the former judge"), ("dataset", "golden@former")]
)
def test_another_judge_or_data_set_is_not_compared_and_a_note_gives_the_reason(
    name: str, value: str, good_run: Path, run_pins: Pins, tmp_path: Path
) -> None:
    before = decide(good_run, run_pins)
    assert before.run is not None
    facts = before.run.model_copy(update={name: value})
    set_faithfulness(good_run, [0.95] * GOLDEN)

    decided = against(before.model_copy(update={"run": facts}), good_run, run_pins, tmp_path)

    assert decided.verdict == "pass"
    assert decided.metrics[0].change is None
    assert value in decided.notes[0]


def test_a_baseline_that_cannot_be_used_fails(
    good_run: Path, run_pins: Pins, tmp_path: Path
) -> None:
    garbage = tmp_path / "garbage.json"
    garbage.write_text("{}")
    empty = tmp_path / "empty.json"
    empty.write_text(report.text(decide(tmp_path / "nothing", run_pins)))

    def problem(file: Path) -> Report:
        main = baseline.read(file)
        return verdict.decide(good_run, pins=run_pins, commit=COMMIT, baseline=main)[0]

    assert "For the first run, pass --no-baseline" in messages(problem(tmp_path / "missing.json"))
    assert "is not a report of this gate" in messages(problem(garbage))
    assert "has no scores" in messages(problem(empty))
    assert codes(problem(garbage)) == {Code.BASELINE_UNUSABLE}
