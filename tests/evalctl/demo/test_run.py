"""The demo from end to end: real programs, and a page whose numbers are those of the stores."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from environments.registry import ENVIRONMENTS
from evalctl.conformance.check import Subject
from evalctl.demo import boards, run
from evalctl.demo.run import Demo

ROOT = Path.cwd()
CASES = 20
COMMANDS = {
    subject: (str(ROOT / "workload/.venv/bin/python"), "-m", f"workload.{subject}")
    for subject in Subject
}

needs_the_programs = pytest.mark.rehearsal


@dataclass(frozen=True)
class Finished:
    """A demo that still runs, its page, and the numbers of cases that it reported meanwhile."""

    demo: Demo
    text: str
    progress: list[int]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    if missing := run.missing(COMMANDS):
        pytest.skip("; ".join(missing))
    seen: list[int] = []
    with run.demo(
        ENVIRONMENTS[0],
        checkout=ROOT,
        commands=COMMANDS,
        cases=CASES,
        out=tmp_path_factory.mktemp("pages"),
        progress=run.Progress(step=lambda _: None, cases=seen.append),
    ) as demo:
        yield Finished(demo, demo.index.read_text(), seen)


def _shown(text: str, id_: str) -> str:
    """The number of an element of the page, without separators and units."""
    found = re.search(rf'<b id="{id_}">([^<]+)</b>', text)
    assert found is not None, id_
    return found[1].strip("$ s").replace(",", "")


def _rows(finished: Finished, table: str, selected: str) -> dict[str, object]:
    runs = ", ".join(f"'{run_}'" for run_ in finished.demo.runs)
    (row,) = finished.demo.bench.platform.clickhouse.rows(
        f"SELECT {selected} FROM {table} WHERE run_id IN ({runs})"
    )
    return row


@needs_the_programs
def test_every_case_has_its_scores_once_in_clickhouse_and_the_page_counts_them(
    finished: Finished,
) -> None:
    row = _rows(
        finished,
        "evaluation_results",
        "uniqExact(run_id, case_id) AS cases, count() AS scores, uniqExact(run_id, case_id, metric) AS once",
    )

    assert int(str(row["cases"])) == int(_shown(finished.text, "jobs")) == CASES
    assert row["scores"] == row["once"]
    assert sum(metric.scores for metric in finished.demo.report.metrics) == int(str(row["scores"]))


@needs_the_programs
def test_calls_tokens_and_cost_on_the_page_are_those_of_clickhouse_and_of_the_provider(
    finished: Finished,
) -> None:
    row = _rows(
        finished,
        "llm_calls",
        "count() AS calls, sum(input_tokens + output_tokens) AS tokens, toFloat64(sum(cost_usd)) AS cost",
    )
    made = finished.demo.bench.platform.provider.made()

    assert int(_shown(finished.text, "calls")) == int(str(row["calls"])) == len(made)
    assert int(_shown(finished.text, "tokens")) == int(str(row["tokens"]))
    assert sum(call.tokens for call in made) == int(str(row["tokens"]))
    assert _shown(finished.text, "cost") == f"{float(str(row['cost'])):.2f}"


@needs_the_programs
def test_prometheus_has_counted_the_same_jobs(finished: Finished) -> None:
    (jobs,) = finished.demo.prometheus.query("sum(eval_jobs_total)", at=time.time())

    assert jobs.value == CASES


@needs_the_programs
def test_no_query_of_a_board_fails_and_only_events_that_did_not_happen_leave_a_panel_empty(
    finished: Finished,
) -> None:
    events = {"Retries", "Failed calls by error", "Calls refused (429)"}

    for problem in finished.demo.problems:
        title, _, reason = problem.partition(": ")
        assert reason == boards.NOTHING, problem
        assert any(title.endswith(f", {event}") for event in events), problem


@needs_the_programs
def test_the_boards_are_beside_the_page(finished: Finished) -> None:
    files = re.findall(r'<iframe src="([^"]+)"', finished.text)

    assert len(files) == 3
    for file in files:
        assert (finished.demo.index.parent / file).stat().st_size > 10_000


@needs_the_programs
def test_progress_grows_until_all_cases_have_ended(finished: Finished) -> None:
    assert finished.progress == sorted(finished.progress)
    assert finished.progress[-1] == CASES


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder with a short path: those of PostgreSQL's and Redis' sockets have 107 characters at most."""
    with TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@needs_the_programs
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_ended_leaves_no_process_and_no_folder(
    end: signal.Signals, scratch: Path, tmp_path: Path
) -> None:
    if missing := run.missing(COMMANDS):
        pytest.skip("; ".join(missing))
    out = tmp_path / "pages"
    with subprocess.Popen(
        (*(sys.executable, "-m", "evalctl.main", "demo", "--cases", "20"), "--out", str(out)),
        env=os.environ | {"TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "starting the orchestrator" in line:
                break
        else:
            raise AssertionError("the demo ended before its programs started")
        _until(lambda: any("workload.worker" in each for each in _processes(scratch)))
        process.send_signal(end)
        rest = process.stdout.read()
    assert process.returncode == 128 + end, rest
    assert "Stopped by" in rest
    assert not _processes(scratch)
    assert not list(scratch.iterdir())
    assert not out.exists()


def test_missing_programs_are_all_named_at_once_with_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "programs_path", lambda: str(tmp_path))

    lines = run.missing({Subject.WORKER: (str(tmp_path / "python"), "-m", "workload.worker")})

    for name in run.PROGRAMS:
        assert any(line.startswith(f"{name} is not installed: apt-get") for line in lines)
    assert any("make workload" in line for line in lines)


def _processes(folder: Path) -> list[str]:
    """The command lines of the processes whose variables or arguments name the folder."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_text(errors="replace").replace("\0", " ")
                variables = (process / "environ").read_text(errors="replace")
            except OSError:  # it has just ended
                continue
            if str(folder) in words + variables:
                found.append(words)
    return found


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)
