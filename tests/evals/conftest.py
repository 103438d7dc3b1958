"""One good run of the repository's own suite by `evalctl evaluate`, for every test that reads one."""

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
def judge_server(monkeypatch: pytest.MonkeyPatch) -> Generator[Judge]:
    """A running judge, and a key for it."""
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")
    monkeypatch.delenv("EVAL_AGENT_URL", raising=False)
    with judge() as server:
        yield server


@pytest.fixture(scope="session")
def first_good_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`evalctl evaluate` on the golden data set; the judge refuses the first two calls."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "good-run"
    with FileLock(shared / "good-run.lock"):
        if not folder.exists():
            with judge() as server, pytest.MonkeyPatch.context() as patch:
                server.refuse = lambda number, _: SLOW_DOWN if number <= 2 else None
                _evaluate(server, folder, patch)
                times = {"refused": server.refused_at, "retried": server.retried_at}
            (shared / "good-run.json").write_text(json.dumps(times))
    return folder


@pytest.fixture
def good_run(first_good_run: Path, tmp_path: Path) -> Path:
    """A copy of the good run, which a test may change."""
    return Path(shutil.copytree(first_good_run, tmp_path / "results"))


@pytest.fixture
def run_pins(first_good_run: Path) -> Pins:
    """The pins of the good run: production's, with the judge's address on loopback."""
    return run.read(first_good_run / run.RECORD).pins


def _evaluate(server: Judge, folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("OPENAI_API_KEY", "not-a-key")
    # A developer's own settings must not reach the judge.
    patch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    patch.setenv("DEEPEVAL_RETRY_MAX_ATTEMPTS", "1")
    patch.delenv("EVAL_AGENT_URL", raising=False)
    patch.setattr(pins, "PINS", judged_by(server))
    before = signal.getsignal(signal.SIGTERM)
    unfinished = folder.with_name("unfinished-run")
    try:
        result = CliRunner().invoke(
            app, ["evaluate", "--out", str(unfinished), "--branch", "topic"]
        )
    finally:
        signal.signal(signal.SIGTERM, before)
    log = (unfinished / run.LOG).read_text() if (unfinished / run.LOG).exists() else ""
    assert result.exit_code == 0, result.output + log
    change_record(unfinished, lambda record: replace(record, commit=COMMIT))
    unfinished.rename(folder)
