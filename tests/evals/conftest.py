"""One good run of the repository's own suite, made by the command, for every test that reads one."""

import json
import os
import shutil
import signal
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from evalctl.main import app
from evals.gate import pins, run
from evals.gate.pins import Pins
from tests.evals.judge import SLOW_DOWN, Judge, judge
from tests.evals.runs import COMMIT, change_record, judged_by


@pytest.fixture
def judging(monkeypatch: pytest.MonkeyPatch) -> Generator[Judge]:
    """A judge at work, and a key for it."""
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")
    monkeypatch.delenv("EVAL_AGENT_URL", raising=False)
    with judge() as at_work:
        yield at_work


@pytest.fixture(scope="session")
def first_good_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`evalctl evaluate` on the golden data set, whose first two calls are refused for a second."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "good-run"
    with FileLock(shared / "good-run.lock"):
        if not folder.exists():
            with judge() as at_work, pytest.MonkeyPatch.context() as patch:
                at_work.refuse = lambda number, _: SLOW_DOWN if number <= 2 else None
                _evaluate(at_work, folder, patch)
                waits = {"refused": at_work.refused_at, "retried": at_work.retried_at}
                facts = {
                    "calls": len(at_work.calls),
                    "tokens": [at_work.input_tokens, at_work.output_tokens],
                }
            (shared / "good-run.json").write_text(json.dumps({**waits, **facts}))
    return folder


@pytest.fixture
def good_run(first_good_run: Path, tmp_path: Path) -> Path:
    """A copy of it, to spoil."""
    return Path(shutil.copytree(first_good_run, tmp_path / "results"))


@pytest.fixture
def its_pins(first_good_run: Path) -> Pins:
    """What it was made with: production's, but for the judge's address."""
    return run.read(first_good_run / run.RECORD).pins


def _evaluate(at_work: Judge, folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("OPENAI_API_KEY", "not-a-key")
    # A developer's own settings must not reach the judge.
    patch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    patch.setenv("DEEPEVAL_RETRY_MAX_ATTEMPTS", "1")
    patch.delenv("EVAL_AGENT_URL", raising=False)
    patch.setattr(pins, "PINS", judged_by(at_work))
    before = signal.getsignal(signal.SIGTERM)
    half = folder.with_name("half-a-run")
    try:
        result = CliRunner().invoke(app, ["evaluate", "--out", str(half), "--branch", "topic"])
    finally:
        signal.signal(signal.SIGTERM, before)
    log = (half / run.LOG).read_text() if (half / run.LOG).exists() else ""
    assert result.exit_code == 0, result.output + log
    change_record(half, lambda made: replace(made, commit=COMMIT))
    half.rename(folder)
