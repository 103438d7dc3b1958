"""Runs of the real DeepEval: each kind of failure gets its own reason."""

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
from tests.evals.runs import (
    BUILD,
    CASES,
    GOOD,
    codes,
    decide,
    evaluate_and_decide,
    messages,
    small_pins,
)

pytestmark = pytest.mark.rehearsal


@pytest.fixture
def small(judge_server: Judge, tmp_path: Path) -> Pins:
    return small_pins(judge_server, tmp_path / "data")


def test_good_recorded_answers_pass(good_run: Path, run_pins: Pins) -> None:
    report = decide(good_run, run_pins)

    assert report.verdict == "pass", messages(report)
    assert report.summary == {"faithfulness": 1.0, "answer_relevancy": 1.0}
    assert report.run is not None
    assert report.run.cases >= PINS.minimum_cases


def test_a_refused_call_is_repeated_after_the_time_that_the_provider_gave(
    first_good_run: Path,
) -> None:
    times = json.loads((first_good_run.parent / "good-run.json").read_text())

    assert len(times["refused"]) == 2
    assert len(times["retried"]) == 2
    # OpenAI's client would repeat it within half a second; Retry-After was one second.
    assert min(times["retried"]) - min(times["refused"]) >= 1.0


def test_unfaithful_answers_fail(
    judge_server: Judge, small: Pins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVAL_AGENT_URL", judge_server.agent_url)
    judge_server.answers = {case.question: GOOD[case.id] for case in CASES}
    judge_server.answers[CASES[0].question] += " The moon is made of cheese."
    judge_server.answers[CASES[1].question] = "It is nine."

    ended = evaluate.evaluate(small, out=tmp_path / "out", build=BUILD)

    assert ended.end is not None
    assert ended.end.exit_code == 1, "DeepEval fails as well"
    report = decide(tmp_path / "out", small)
    assert codes(report) == {Code.MEAN_TOO_LOW}
    assert report.summary["faithfulness"] == pytest.approx((0.5 + 0 + 1 + 1) / 4)
    assert report.metrics[0].worst.case_id == CASES[1].id
    assert "It is nine" not in messages(report), (
        "text of a model belongs only into the table of cases"
    )


def test_a_refused_key_fails_at_once_with_a_reason_of_its_own(
    judge_server: Judge, small: Pins, tmp_path: Path
) -> None:
    judge_server.refuse = lambda *_: BAD_KEY

    report = evaluate_and_decide(small, tmp_path / "out")

    assert codes(report) == {Code.JUDGE_REFUSED_KEY}
    assert "OPENAI_API_KEY is wrong" in messages(report)
    assert "sk-proj" not in messages(report)
    assert report.summary == {"faithfulness": None, "answer_relevancy": None}
    # Two metrics of four cases start three calls for each case before the first refusal.
    assert len(judge_server.calls) <= 12


def test_endless_429s_fail_with_a_limited_number_of_calls(
    judge_server: Judge, small: Pins, tmp_path: Path
) -> None:
    judge_server.refuse = lambda *_: SLOW_DOWN

    report = evaluate_and_decide(small, tmp_path / "out")

    assert codes(report) == {Code.JUDGE_RATE_LIMITED}
    assert "lower parallel_cases" in messages(report)
    assert judge_server.retried_at, "OpenAI's client repeats calls"
    attempts = 1 + small.retries.after_first_attempt
    assert len(judge_server.calls) <= 12 * attempts


def test_an_empty_suite_fails_although_deepeval_succeeds(
    judge_server: Judge, tmp_path: Path
) -> None:
    empty = small_pins(judge_server, tmp_path / "data", cases=())

    ended = evaluate.evaluate(empty, out=tmp_path / "out", build=BUILD)

    assert ended.end is not None
    assert ended.end.exit_code == 0, (
        "pytest skips a test without parameters, which counts as success"
    )
    report = decide(tmp_path / "out", empty)
    assert codes(report) == {Code.NO_RESULTS}


def test_a_crash_of_deepeval_fails(judge_server: Judge, small: Pins, tmp_path: Path) -> None:
    def crash(number: int) -> None:
        if number == 8:
            (child,) = _deepeval_processes()
            os.kill(child, signal.SIGKILL)

    judge_server.before = crash

    report = evaluate_and_decide(small, tmp_path / "out")

    assert codes(report) == {Code.RUN_FAILED, Code.NO_RESULTS}
    assert "signal 9" in messages(report)


def test_a_run_that_hangs_is_stopped_with_all_its_processes(
    judge_server: Judge, small: Pins, tmp_path: Path
) -> None:
    judge_server.before = lambda _: time.sleep(60)
    short = replace(small, caps=Caps(usd=1, seconds=4))

    started = time.monotonic()
    evaluate.evaluate(short, out=tmp_path / "out", build=BUILD)

    assert time.monotonic() - started < 30
    assert not _deepeval_processes()
    report = decide(tmp_path / "out", short)
    assert codes(report) == {Code.TIME_CAP, Code.NO_RESULTS}
    assert "after 4 s" in messages(report)


def test_a_cancelled_run_leaves_no_process_running(
    judge_server: Judge, small: Pins, tmp_path: Path
) -> None:
    def cancel(_: int, __: object) -> None:
        raise SystemExit(143)

    before = signal.signal(signal.SIGUSR1, cancel)
    judge_server.before = lambda n: os.kill(os.getpid(), signal.SIGUSR1) if n == 1 else None
    try:
        with pytest.raises(SystemExit):
            evaluate.evaluate(small, out=tmp_path / "out", build=BUILD)
    finally:
        signal.signal(signal.SIGUSR1, before if before is not None else signal.SIG_DFL)

    assert not _deepeval_processes()
    assert codes(decide(tmp_path / "out", small)) == {Code.UNFINISHED_RUN, Code.NO_RESULTS}


def test_no_call_is_made_once_the_cap_is_spent(
    judge_server: Judge, small: Pins, tmp_path: Path
) -> None:
    one_at_a_time = replace(small, parallel_cases=1, caps=Caps(usd=0.003, seconds=120))

    report = evaluate_and_decide(one_at_a_time, tmp_path / "out")

    assert Code.SPEND_CAP in codes(report)
    assert "cap of 0.003 USD" in messages(report)
    whole_run = 7 * len(CASES)
    assert 0 < len(judge_server.calls) < whole_run / 2


def test_errors_of_judge_and_agent_are_reported_together(
    judge_server: Judge, small: Pins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVAL_AGENT_URL", judge_server.agent_url)
    judge_server.answers = {case.question: GOOD[case.id] for case in CASES[1:]}
    judge_server.refuse = lambda _, schema: BROKEN if schema == "Statements" else None

    report = evaluate_and_decide(small, tmp_path / "out")

    assert codes(report) == {Code.AGENT_FAILED, Code.TOO_FEW_CASES, Code.METRIC_ERRORED}
    assert f"were not judged: {CASES[0].id}" in messages(report)
    assert "answer_relevancy: no score" in messages(report)
    assert "faithfulness: no score" not in messages(report)
    assert "did not answer" in (tmp_path / "out" / run.LOG).read_text()


def _deepeval_processes() -> list[int]:
    """The ids of DeepEval's processes that this process started and that still run."""
    tasks = Path("/proc/self/task").glob("*/children")
    children = [pid for task in tasks for pid in task.read_text().split()]
    return [
        int(pid) for pid in children if b"/deepeval\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
