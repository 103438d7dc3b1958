"""Runs the demo: the platform on loopback, test runs through its API, and the page of what happened."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from environments.spec import Environment
from evalctl.board_pages import drawing
from evalctl.board_pages.prometheus import Prometheus
from evalctl.conformance import program
from evalctl.conformance import run as conformance
from evalctl.conformance.api import Json
from evalctl.conformance.bench import START_SECONDS, Bench
from evalctl.conformance.check import Subject
from evalctl.conformance.program import BrokenError
from evalctl.conformance.scale import Scale
from evalctl.conformance.waiting import require
from evalctl.demo import monitoring, pages, report, sample, stand_in
from evalctl.demo.report import Report
from evalctl.local_servers.postgres import programs_path
from evalctl.processes import HOW_TO_GET
from telemetry.contract import Emitter

FAILURES = (*conformance.FAILURES, *drawing.FAILURES, BrokenError)
WORKERS = 4
PROGRAMS = (
    *("redis-server", "redis-cli", "postgres", "psql", "prometheus"),
    monitoring.EXPORTER,
)
# A job takes seconds; its refused calls wait for a minute at most (LLM_MAX_BACKOFF_SECONDS).
_QUIET_SECONDS = 180


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The finished test runs, with everything still running."""

    bench: Bench
    prometheus: Prometheus
    runs: Mapping[str, Json]  # id → the request's body
    report: Report
    index: Path
    problems: tuple[str, ...]  # a line for each empty panel

    @property
    def addresses(self) -> tuple[str, ...]:
        """A line for each server that a person may want to look into."""
        clickhouse = self.bench.platform.clickhouse
        return (
            f"API         {self.bench.api.url}, token in {self.bench.api.token_file}",
            f"Prometheus  {self.prometheus.address}",
            f"ClickHouse  https://{clickhouse.host}:{clickhouse.port}, user {clickhouse.user}, "
            f"password in {clickhouse.folder / 'users.json'}, authority {clickhouse.ca_file}",
        )


@dataclass(frozen=True)
class Progress:
    """Where the demo reports what it does."""

    step: Callable[[str], None]
    cases: Callable[[int], None]  # so many have ended


def missing(commands: Mapping[Subject, tuple[str, ...]]) -> list[str]:
    """A line for each program that is not on this machine, with how to get it."""
    path = programs_path()
    return [
        f"{name} is not installed: {HOW_TO_GET[name]}"
        for name in PROGRAMS
        if shutil.which(name, path=path) is None
    ] + conformance.unusable(commands)


@contextmanager
def demo(
    env: Environment,
    *,
    checkout: Path,
    commands: Mapping[Subject, tuple[str, ...]],
    cases: int,
    out: Path,
    progress: Progress,
) -> Iterator[Demo]:
    """The demo after its test runs; everything ends with the block, except for the pages in `out`.

    Raises:
        One of FAILURES.
    """
    progress.step("starting Redis, PostgreSQL, ClickHouse, S3 and the stand-in of the providers")
    with ExitStack() as stack:
        bench = stack.enter_context(
            conformance.bench(
                env,
                checkout=checkout,
                subject=Subject.WORKER,
                commands=commands,
                scale=Scale(1),
                note=lambda _: None,
            )
        )
        stack.enter_context(bench.platform.provider.behaving(stand_in.behaviour()))
        progress.step(f"starting the orchestrator and {WORKERS} workers")
        workers = [
            stack.enter_context(bench.another(Subject.WORKER, changed=stand_in.LIMITS))
            for _ in range(WORKERS)
        ]
        programs = {Emitter.ORCHESTRATOR: [bench.orchestrator], Emitter.WORKER: workers}
        for worker in workers:
            program.ready(worker, seconds=START_SECONDS)
        prometheus = stack.enter_context(
            monitoring.watched(bench.platform, programs, bench.platform.folder / "prometheus")
        )
        start = time.time()
        _scraped()
        suite = sample.questions(checkout / "evals")
        began = time.monotonic()
        runs = {
            _started(bench, body): body
            for body in sample.requests(suite, cases=cases, now=datetime.now(UTC))
        }
        progress.step(f"scoring {cases:,} cases in {len(runs)} test runs")
        _ended(bench, runs, cases, progress)
        seconds = time.monotonic() - began
        progress.step("drawing the boards")
        _scraped()
        numbers = report.read(
            runs,
            api=bench.api,
            clickhouse=bench.platform.clickhouse,
            prometheus=prometheus,
            seconds=seconds,
        )
        written = pages.write(
            env,
            numbers,
            prometheus=prometheus,
            clickhouse=bench.platform.clickhouse,
            start=round(start),
            checkout=checkout,
            out=out,
        )
        yield Demo(
            bench=bench,
            prometheus=prometheus,
            runs=runs,
            report=numbers,
            index=written.index,
            problems=written.problems,
        )


def _started(bench: Bench, body: Json) -> str:
    response = bench.api.start(body)
    require(response.status == 202, f"POST /test-runs answered {response}")
    return str(response.body["id"])


def _ended(bench: Bench, runs: Mapping[str, Json], cases: int, progress: Progress) -> None:
    """Wait until the API reports that every run has finished."""
    last, ended = time.monotonic(), -1
    while True:
        jobs = [bench.api.jobs(run) for run in runs]
        now_ended = sum(each.done + each.failed for each in jobs)
        progress.cases(now_ended)
        if now_ended == cases and all(
            bench.api.send("GET", f"/test-runs/{run}").body.get("finished_at") for run in runs
        ):
            return
        if now_ended > ended:
            last, ended = time.monotonic(), now_ended
        states = [dict(each.states) for each in jobs]
        require(
            time.monotonic() - last < _QUIET_SECONDS,
            f"for {_QUIET_SECONDS} s no job ended; the jobs are {states}",
        )
        time.sleep(1)


def _scraped() -> None:
    """Wait until Prometheus has the values of this moment, and has evaluated its rules on them."""
    time.sleep(2 * monitoring.SCRAPE_SECONDS)
