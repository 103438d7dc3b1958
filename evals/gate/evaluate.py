"""Runs the suite with the real `deepeval test run`, in a process group that can be stopped."""

import contextlib
import importlib.metadata
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from evals.gate import dataset, reachability, run
from evals.gate.dataset import ROOT
from evals.gate.files import InvalidJsonError
from evals.gate.pins import Pins
from evals.gate.run import End, Run

SUITE = ROOT / "evals" / "suite"
_PROGRESS_SECONDS = 10.0
_GRACE_SECONDS = 5.0  # between SIGTERM and SIGKILL

# DeepEval gets no other variable: OPENAI_BASE_URL, DEEPEVAL_* or .env would change the judge, and with
# CONFIDENT_API_KEY set, DeepEval uploads questions and answers to its maker.
_INHERITED = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("OPENAI_API_KEY", "EVAL_AGENT_URL", "EVAL_AGENT_TOKEN"),
)


@dataclass(frozen=True, kw_only=True)
class Build:
    """The build of the agent that is evaluated."""

    commit: str
    built_at: datetime
    branch: str
    environment: str


class CannotEvaluateError(Exception):
    """Nothing was run; the message describes why, and what to do."""


def evaluate(
    pins: Pins, *, out: Path, build: Build, progress: Callable[[str], None] = lambda _: None
) -> Run:
    """Query the agent, judge its answers, and write the results into `out`, a new or empty folder."""
    _check_preconditions(pins, out)
    started = Run(
        run_id=uuid.uuid4(),
        started_at=datetime.now(UTC),
        commit=build.commit,
        built_at=build.built_at,
        branch=build.branch,
        environment=build.environment,
        agent=os.environ.get("EVAL_AGENT_URL") or "recorded answers",
        deepeval=importlib.metadata.version("deepeval"),
        pins=pins,
        end=None,
    )
    run.write(started, out)
    if problem := reachability.problem(pins.judge):
        run.write(replace(started, problem=problem), out)
        raise CannotEvaluateError(problem.message)
    exit_code, reached_time_cap = _run_deepeval(started, out.resolve(), progress)
    end = End(
        at=datetime.now(UTC),
        exit_code=exit_code,
        reached_time_cap=reached_time_cap,
        sha256=run.hashes(out),
    )
    ended = replace(started, end=end)
    run.write(ended, out)
    return ended


def _check_preconditions(pins: Pins, out: Path) -> None:
    if not os.environ.get("OPENAI_API_KEY"):
        raise CannotEvaluateError(
            "OPENAI_API_KEY is not set, and the judge needs it. In GitHub Actions it is a secret of "
            "the environment quality-gate, which a pull request from a fork cannot read."
        )
    if not _program().exists():
        raise CannotEvaluateError("DeepEval is not installed. Run `make setup`.")
    if out.exists() and not _is_free(out):
        raise CannotEvaluateError(
            f"{out} is not an empty folder. Old results in it could be mistaken for new ones: give "
            "another folder, or delete this one."
        )
    try:
        dataset.read(pins.dataset)
    except dataset.BadDatasetError as error:
        raise CannotEvaluateError(str(error)) from error


def _is_free(out: Path) -> bool:
    """Whether it is an empty folder, or has only the record of a run that was not started."""
    if not out.is_dir():
        return False
    names = [file.name for file in out.iterdir()]
    if names != [run.RECORD]:
        return not names
    try:
        return run.read(out / run.RECORD).problem is not None
    except InvalidJsonError:
        return False


def _program() -> Path:
    return Path(sys.executable).parent / "deepeval"


def _run_deepeval(started: Run, out: Path, progress: Callable[[str], None]) -> tuple[int, bool]:
    """DeepEval's exit code, and whether it was stopped at the time cap."""
    command = [str(_program()), "test", "run", str(SUITE), "--identifier", str(started.run_id)]
    command += ["--color", "no", "--display", "failing"]
    # DeepEval writes a cache and its last run into the working directory.
    with (
        tempfile.TemporaryDirectory(prefix="deepeval-") as scratch,
        (out / run.LOG).open("w") as log,
    ):
        process = subprocess.Popen(
            command,
            cwd=scratch,
            env=_environment(out, Path(scratch)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return _wait(process, started.pins.caps.seconds, out / run.PROGRESS, progress)
        except BaseException:
            _stop(process)  # otherwise it goes on spending
            raise


def _wait(
    process: subprocess.Popen[bytes], seconds: float, file: Path, progress: Callable[[str], None]
) -> tuple[int, bool]:
    """The exit code, and whether the process was stopped; `progress` gets what was done so far."""
    started = time.monotonic()
    while (left := started + seconds - time.monotonic()) > 0:
        try:
            return process.wait(min(_PROGRESS_SECONDS, left)), False
        except subprocess.TimeoutExpired:
            done = file.read_text() if file.exists() else "the agent answers"
            progress(f"{time.monotonic() - started:.0f} s: {done}")
    return _stop(process), True


def _stop(process: subprocess.Popen[bytes]) -> int:
    for signal_ in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal_)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(_GRACE_SECONDS)
    return process.wait()


def _environment(out: Path, scratch: Path) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if os.environ.get(name)}
    return {
        **inherited,
        "EVAL_RUN": str(out / run.RECORD),
        "DEEPEVAL_RESULTS_FOLDER": str(out / run.DEEPEVAL),
        "DEEPEVAL_CACHE_FOLDER": str(scratch / "cache"),
        "DEEPEVAL_HOME": str(scratch / "home"),
        "DEEPEVAL_TELEMETRY_OPT_OUT": "1",
        "DEEPEVAL_DISABLE_DOTENV": "1",
        "DEEPEVAL_DISABLE_LEGACY_KEYFILE": "1",
        # DeepEval's own retries (2, 5 s at most) ignore Retry-After; OpenAI's client follows it.
        # DeepEval's time limits would interrupt such a wait; the client limits each attempt.
        "DEEPEVAL_SDK_RETRY_PROVIDERS": '["openai"]',
        "DEEPEVAL_DISABLE_TIMEOUTS": "1",
        # DeepEval names a file after the local time, and the gate reads that name as UTC.
        "TZ": "UTC",
        "PYTHONUTF8": "1",
    }
