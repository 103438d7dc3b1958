"""What the real DeepEval does to the gate: each way to fail has a reason of its own."""

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from evals.gate import evaluate, run
from evals.gate.pins import PINS, Caps, Pins
from evals.gate.report import Code
from tests.evals.judge import BAD_KEY, BROKEN, SLOW_DOWN, Judge
from tests.evals.runs import BUILD, CASES, GOOD, codes, decide, said, small_pins

pytestmark = pytest.mark.rehearsal


@pytest.fixture
def small(judging: Judge, tmp_path: Path) -> Pins:
    return small_pins(judging, tmp_path / "data")


def test_good_recorded_answers_pass(good_run: Path, its_pins: Pins) -> None:
    report = decide(good_run, its_pins)

    assert report.verdict == "pass", said(report)
    assert report.summary == {"faithfulness": 1.0, "answer_relevancy": 1.0}
    assert report.run is not None
    assert report.run.cases >= PINS.minimum_cases


def test_a_refused_call_is_made_again_when_the_provider_said(first_good_run: Path) -> None:
    told = json.loads((first_good_run.parent / "good-run.json").read_text())

    assert len(told["refused"]) == 2
    assert len(told["retried"]) == 2
    # OpenAI's client alone would try again within half a second; Retry-After said one.
    assert min(told["retried"]) - min(told["refused"]) >= 1.0


def test_unfaithful_answers_fail(
    judging: Judge, small: Pins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVAL_AGENT_URL", f"{judging.url}/agent")
    judging.answers = {case.question: GOOD[case.id] for case in CASES}
    judging.answers[CASES[0].question] += " The moon is made of cheese."
    judging.answers[CASES[1].question] = "It is nine."

    ended = evaluate.evaluate(small, out=tmp_path / "out", build=BUILD)

    assert ended.end is not None
    assert ended.end.exit_code == 1, "DeepEval fails as well"
    report = decide(tmp_path / "out", small)
    assert codes(report) == {Code.MEAN_TOO_LOW}
    assert report.summary["faithfulness"] == pytest.approx((0.5 + 0 + 1 + 1) / 4)
    assert report.metrics[0].worst.case_id == CASES[1].id
    assert "It is nine" not in said(report), "what a model wrote stays in the table of cases"


def test_a_refused_key_fails_at_once_and_is_told_as_that(
    judging: Judge, small: Pins, tmp_path: Path
) -> None:
    judging.refuse = lambda *_: BAD_KEY

    evaluate.evaluate(small, out=tmp_path / "out", build=BUILD)

    report = decide(tmp_path / "out", small)
    assert codes(report) == {Code.JUDGE_REFUSED_KEY}
    assert "OPENAI_API_KEY is wrong" in said(report)
    assert "sk-proj" not in said(report)
    assert report.summary == {"faithfulness": None, "answer_relevancy": None}
    # Two metrics of four cases begin with three calls for each case, before the first refusal.
    assert len(judging.calls) <= 12


def test_429s_for_ever_fail_without_a_storm(judging: Judge, small: Pins, tmp_path: Path) -> None:
    judging.refuse = lambda *_: SLOW_DOWN

    evaluate.evaluate(small, out=tmp_path / "out", build=BUILD)

    report = decide(tmp_path / "out", small)
    assert codes(report) == {Code.JUDGE_RATE_LIMITED}
    assert "lower parallel_cases" in said(report)
    assert judging.retried_at, "OpenAI's client tried again"
    attempts = 1 + small.retries.after_first_attempt
    assert len(judging.calls) <= 12 * attempts


def test_an_empty_suite_fails_although_deepeval_is_content(judging: Judge, tmp_path: Path) -> None:
    empty = small_pins(judging, tmp_path / "data", cases=())

    ended = evaluate.evaluate(empty, out=tmp_path / "out", build=BUILD)

    assert ended.end is not None
    assert ended.end.exit_code == 0, "pytest skips a test without parameters, and that is a success"
    report = decide(tmp_path / "out", empty)
    assert codes(report) == {Code.NO_RESULTS}


def test_a_crash_midway_fails(judging: Judge, small: Pins, tmp_path: Path) -> None:
    def crash(number: int) -> None:
        if number == 8:
            (child,) = _deepevals()
            os.kill(child, signal.SIGKILL)

    judging.before = crash

    evaluate.evaluate(small, out=tmp_path / "out", build=BUILD)

    report = decide(tmp_path / "out", small)
    assert codes(report) == {Code.RUN_FAILED, Code.NO_RESULTS}
    assert "signal 9" in said(report)


def test_a_judge_that_hangs_is_stopped_with_everything_it_started(
    judging: Judge, small: Pins, tmp_path: Path
) -> None:
    judging.before = lambda _: time.sleep(60)
    impatient = replace(small, caps=Caps(usd=1, seconds=4))

    began = time.monotonic()
    evaluate.evaluate(impatient, out=tmp_path / "out", build=BUILD)

    assert time.monotonic() - began < 30
    assert not _deepevals()
    report = decide(tmp_path / "out", impatient)
    assert codes(report) == {Code.TIME_CAP, Code.NO_RESULTS}
    assert "after 4 s" in said(report)


def test_a_cancelled_run_leaves_no_judge_at_work(
    judging: Judge, small: Pins, tmp_path: Path
) -> None:
    def cancel(_: int, __: object) -> None:
        raise SystemExit(143)

    before = signal.signal(signal.SIGUSR1, cancel)
    judging.before = lambda n: os.kill(os.getpid(), signal.SIGUSR1) if n == 1 else None
    try:
        with pytest.raises(SystemExit):
            evaluate.evaluate(small, out=tmp_path / "out", build=BUILD)
    finally:
        signal.signal(signal.SIGUSR1, before if before is not None else signal.SIG_DFL)

    assert not _deepevals()
    assert codes(decide(tmp_path / "out", small)) == {Code.UNFINISHED_RUN, Code.NO_RESULTS}


def test_no_call_is_made_once_the_cap_is_spent(judging: Judge, small: Pins, tmp_path: Path) -> None:
    one_at_a_time = replace(small, parallel_cases=1, caps=Caps(usd=0.003, seconds=120))

    evaluate.evaluate(one_at_a_time, out=tmp_path / "out", build=BUILD)

    report = decide(tmp_path / "out", one_at_a_time)
    assert Code.SPEND_CAP in codes(report)
    assert "cap of 0.003 USD" in said(report)
    whole_run = 7 * len(CASES)
    assert 0 < len(judging.calls) < whole_run / 2


def test_a_broken_judge_and_a_silent_agent_are_told_together(
    judging: Judge, small: Pins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVAL_AGENT_URL", f"{judging.url}/agent")
    judging.answers = {case.question: GOOD[case.id] for case in CASES[1:]}
    judging.refuse = lambda _, schema: BROKEN if schema == "Statements" else None

    evaluate.evaluate(small, out=tmp_path / "out", build=BUILD)

    report = decide(tmp_path / "out", small)
    assert codes(report) == {Code.TOO_FEW_CASES, Code.METRIC_ERRORED}
    assert f"were not judged: {CASES[0].id}" in said(report)
    assert "answer_relevancy: no score" in said(report)
    assert "faithfulness: no score" not in said(report)
    assert "did not answer" in (tmp_path / "out" / run.LOG).read_text()


def _deepevals() -> list[int]:
    """Runs of DeepEval that this process started and has not seen end."""
    tasks = Path("/proc/self/task").glob("*/children")
    children = [pid for task in tasks for pid in task.read_text().split()]
    return [
        int(pid) for pid in children if b"/deepeval\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
