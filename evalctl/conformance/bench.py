"""What a check works with: the platform, the tested program, and the orchestrator that makes jobs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from evalctl.conformance import program
from evalctl.conformance.api import Api, Jobs, Json, case, request
from evalctl.conformance.check import Subject
from evalctl.conformance.platform import Platform
from evalctl.conformance.pod import Pod
from evalctl.conformance.program import Program
from evalctl.conformance.waiting import require, until
from evalctl.local_servers.clickhouse import Row

Command = tuple[str, ...]

# The manifests' startup probe waits this long.
START_SECONDS = 150
# For a job without any wait, on a machine of two processors with all servers on it.
_WORK_SECONDS = 60


@dataclass
class Bench:
    """The tested program runs once for many checks; a check that ends or changes it starts its own."""

    platform: Platform
    subject: Subject
    commands: Mapping[Subject, Command]
    _shared: dict[Subject, Program] = field(default_factory=dict)
    _stacks: dict[Subject, ExitStack] = field(default_factory=dict)
    _cases: int = 0
    _runs: list[str] = field(default_factory=list)

    @property
    def worker(self) -> Program:
        """The worker that checks share."""
        return self._running(Subject.WORKER)

    @property
    def orchestrator(self) -> Program:
        """The orchestrator that checks share."""
        return self._running(Subject.ORCHESTRATOR)

    @property
    def tested(self) -> Program:
        """The shared copy of the tested program."""
        return self._running(self.subject)

    @property
    def job_seconds(self) -> float:
        """The longest time in which a job ends, waits included."""
        longest = float(self.platform.worker.variables["JOB_MAX_SECONDS"])
        return _WORK_SECONDS + self.platform.scale.seconds(longest)

    @property
    def llm_timeout(self) -> float:
        """LLM_TIMEOUT_SECONDS as the programs get it."""
        return self.platform.scale.seconds(
            float(self.platform.worker.variables["LLM_TIMEOUT_SECONDS"])
        )

    @property
    def api(self) -> Api:
        return self.api_of(self.orchestrator)

    def api_of(self, orchestrator: Program) -> Api:
        token = Path(orchestrator.environment["API_TOKEN_FILE"])
        return Api(orchestrator.url(orchestrator.pod.ports["http"]), token)

    @contextmanager
    def own(
        self, subject: Subject, *, changed: Mapping[str, str] | None = None
    ) -> Iterator[Program]:
        """A ready program of a check's own. The shared one ends before."""
        self.stop(subject)
        with self.another(subject, changed=changed) as started:
            yield program.ready(started, seconds=START_SECONDS)

    @contextmanager
    def another(
        self, subject: Subject, *, changed: Mapping[str, str] | None = None
    ) -> Iterator[Program]:
        """One more copy of a program, started and perhaps not ready."""
        with self.platform.running(
            self._pod(subject), self.commands[subject], changed=changed
        ) as started:
            yield started

    @contextmanager
    def wrapped(
        self, subject: Subject, prefix: Command, *, changed: Mapping[str, str]
    ) -> Iterator[Program]:
        """A started copy whose command another one runs."""
        command = (*prefix, *self.commands[subject])
        with self.platform.running(self._pod(subject), command, changed=changed) as started:
            yield started

    def stop(self, subject: Subject) -> None:
        """End the shared copy of a program, as a rollout does; nothing if there is none."""
        if shared := self._shared.pop(subject, None):
            shared.terminate()
            until(lambda: shared.has_ended, seconds=shared.pod.grace_seconds, what="it ended")
            self._stacks.pop(subject).close()

    def close(self) -> None:
        """Kill every shared program."""
        for stack in self._stacks.values():
            stack.close()
        self._shared.clear()
        self._stacks.clear()

    def cases(self, count: int, *, recorded: bool = True) -> list[Json]:
        """Cases that no other check has used."""
        first = self._cases + 1
        self._cases += count
        return [case(number, recorded=recorded) for number in range(first, first + count)]

    def start(
        self,
        cases: Sequence[Json] | int = 1,
        *,
        provider: str = "openai",
        agent: str | None = None,
    ) -> str:
        """The id of a new test run.

        Raises:
            BrokenError: the orchestrator refused it.
        """
        listed = self.cases(cases) if isinstance(cases, int) else cases
        response = self.api.start(request(listed, provider=provider, agent=agent))
        require(response.status == 202, f"POST /test-runs answered {response}")
        self._runs.append(str(response.body["id"]))
        return self._runs[-1]

    def cancel_all(self) -> None:
        """Cancel every run so far, so that no job waits or will wait again."""
        while self._runs:
            self.api.cancel(self._runs.pop())

    def finished(self, run: str, *, seconds: float | None = None) -> Jobs:
        """The jobs of a run, once all have ended.

        Raises:
            BrokenError: some have not ended in time, or a program ended.
        """
        seen = Jobs({})

        def ended() -> bool:
            nonlocal seen
            for shared in self._shared.values():
                require(not shared.has_ended, f"{shared.name} ended:\n{shared.end_of_log()}")
            seen = self.api.jobs(run)
            return bool(seen.states) and seen.unfinished == 0

        try:
            until(ended, seconds=seconds or self.job_seconds, what="all jobs of the run ended")
        except program.BrokenError as error:
            raise program.BrokenError(f"{error}; the jobs are {dict(seen.states)}") from None
        return seen

    def done(self, run: str, *, seconds: float | None = None) -> Jobs:
        """The same, and all succeeded."""
        jobs = self.finished(run, seconds=seconds)
        require(jobs.done == sum(jobs.states.values()), f"the jobs are {dict(jobs.states)}")
        return jobs

    def results(self, run: str) -> list[Row]:
        """The run's rows of evaluation_results."""
        return self.platform.clickhouse.rows(
            f"SELECT * FROM evaluation_results WHERE run_id = '{run}' ORDER BY case_id, metric"
        )

    def require_once(self, run: str) -> None:
        """Raises BrokenError if a case of the run has two rows for one metric."""
        rows = Counter((str(row["case_id"]), str(row["metric"])) for row in self.results(run))
        twice = [f"{case} {metric}" for (case, metric), count in rows.items() if count > 1]
        require(not twice, f"results that are there more than once: {', '.join(twice)}")

    def llm_calls(self, run: str) -> list[Row]:
        """The run's rows of llm_calls."""
        return self.platform.clickhouse.rows(
            f"SELECT * FROM llm_calls WHERE run_id = '{run}' ORDER BY called_at"
        )

    def results_of_api(self, run: str) -> int:
        """The status of the API's answer with the run's results, which it reads from ClickHouse."""
        return self.api.send("GET", f"/test-runs/{run}/results").status

    def waiting(self) -> int:
        """Jobs in the queue's list."""
        key = self.platform.worker.variables["REDIS_QUEUE_KEY"]
        return int(self.platform.redis.command("LLEN", key))

    def _pod(self, subject: Subject) -> Pod:
        return self.platform.worker if subject is Subject.WORKER else self.platform.orchestrator

    def _running(self, subject: Subject) -> Program:
        shared = self._shared.get(subject)
        if shared is not None and not shared.has_ended:
            return shared
        if shared is not None:
            self._stacks.pop(subject).close()
        stack = self._stacks[subject] = ExitStack()
        started = stack.enter_context(self.another(subject))
        self._shared[subject] = program.ready(started, seconds=START_SECONDS)
        return self._shared[subject]
