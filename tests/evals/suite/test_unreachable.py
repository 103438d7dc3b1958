"""Without a judge or an agent, `evalctl evaluate` and the gate fail at once and name the cause."""

import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from evalctl.local_servers.provider_protocols import Answer
from evalctl.main import app
from evals.gate import baseline, evaluate, judge_errors, pins, verdict
from evals.gate.pins import Pins
from evals.gate.report import Code
from tests.evals.judge import BAD_KEY, Judge, refusal
from tests.evals.runs import BUILD, codes, decide, messages, small_pins

NOBODY = "http://127.0.0.1:9"
NO_NAME = "http://judge.invalid"


@pytest.fixture
def small(judge_server: Judge, tmp_path: Path) -> Pins:
    return small_pins(judge_server, tmp_path / "data")


def at(pins_: Pins, address: str) -> Pins:
    return replace(pins_, judge=replace(pins_.judge, base_url=f"{address}/v1"))


def run_command(out: Path) -> Result:
    before = signal.getsignal(signal.SIGTERM)
    try:
        return CliRunner().invoke(app, ["evaluate", "--out", str(out)], env={"COLUMNS": "300"})
    finally:
        signal.signal(signal.SIGTERM, before)


def gate_codes(out: Path) -> set[Code]:
    report, _ = verdict.decide(out, pins=pins.PINS, commit=BUILD.commit, baseline=baseline.NONE)
    return codes(report)


@pytest.mark.parametrize("address", [NOBODY, NO_NAME])
def test_a_judge_that_cannot_be_reached(
    small: Pins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(pins, "PINS", at(small, address))
    started = time.monotonic()

    result = run_command(tmp_path / "out")

    assert result.exit_code == 1
    assert time.monotonic() - started < 60, "DeepEval was not started"
    assert f"The judge at {address}/v1 cannot be reached" in result.output
    assert gate_codes(tmp_path / "out") == {Code.JUDGE_UNREACHABLE}


def test_an_agent_that_cannot_be_reached(
    small: Pins, tmp_path: Path, judge_server: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "PINS", small)
    monkeypatch.setenv("EVAL_AGENT_URL", f"{NOBODY}/agent")

    result = run_command(tmp_path / "out")

    assert result.exit_code == 1
    assert f"The agent at {NOBODY}/agent cannot be reached" in result.output
    assert gate_codes(tmp_path / "out") == {Code.AGENT_UNREACHABLE}
    assert judge_server.calls == [], "nothing was spent"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (BAD_KEY, "refused OPENAI_API_KEY"),
        (refusal(404, "model_not_found", "The model does not exist."), "has no model"),
    ],
)
def test_a_key_that_the_judge_refuses(
    small: Pins,
    tmp_path: Path,
    judge_server: Judge,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    cause: str,
) -> None:
    monkeypatch.setattr(pins, "PINS", small)
    judge_server.server.model = answer

    result = run_command(tmp_path / "out")

    assert result.exit_code == 1
    assert cause in result.output
    assert gate_codes(tmp_path / "out") == {Code.JUDGE_REFUSED_KEY}


@pytest.mark.rehearsal
def test_the_same_folder_may_be_used_after_a_run_that_was_not_started(
    small: Pins, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(evaluate.CannotEvaluateError, match="cannot be reached"):
        evaluate.evaluate(at(small, NOBODY), out=out, build=BUILD)

    steps: list[str] = []
    evaluate.evaluate(small, out=out, build=BUILD, progress=steps.append)

    assert decide(out, small).verdict == "pass"
    with pytest.raises(evaluate.CannotEvaluateError, match="not an empty folder"):
        evaluate.evaluate(small, out=out, build=BUILD)


@pytest.mark.rehearsal
def test_an_agent_that_always_fails_is_named_by_the_command_and_by_the_gate(
    small: Pins, tmp_path: Path, judge_server: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "PINS", small)
    monkeypatch.setenv("EVAL_AGENT_URL", judge_server.agent_url)
    monkeypatch.setattr(evaluate, "_PROGRESS_SECONDS", 0.5)

    result = run_command(tmp_path / "out")

    assert result.exit_code == 1
    assert "The agent did not answer 4 cases" in result.output
    assert "HTTP Error 500" in result.output
    assert "s: the agent answers" in result.output, "progress while DeepEval runs"
    assert "The agent did not answer 4 cases" in messages(decide(tmp_path / "out", small))


@pytest.mark.parametrize("error", ["Connection error.", "Request timed out."])
def test_a_connection_that_is_lost_during_a_run_has_its_own_reason(error: str) -> None:
    assert judge_errors.code(error) == Code.JUDGE_UNREACHABLE
    assert "cannot be reached" in judge_errors.what_to_do(Code.JUDGE_UNREACHABLE)
