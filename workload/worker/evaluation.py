"""One job: an agent's answer to one case is judged, and its scores are written once.

The result is kept in PostgreSQL before anything of it leaves, under the job's claim. So a job that runs
twice writes the same rows, in the same partition, with the same deduplication token, and ClickHouse drops
the second insert. ClickHouse forgets tokens after an hour (`replicated_deduplication_window_seconds`), and
a job's second run may be later: the worker that takes over such a job looks for its rows first.
"""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any
from uuid import UUID

from workload import objects
from workload.clickhouse import ClickHouse, Row
from workload.database import Pool
from workload.settings import WorkerSettings
from workload.worker import agent, metrics
from workload.worker.claims import ClaimLostError, Job
from workload.worker.judge import judge
from workload.worker.llm import Calls, Provider
from workload.worker.providers import CLIENTS
from workload.worker.stores import use

# When a job fails or goes back: for its calls in ClickHouse (they are tried on after that), then for its claim.
_RECORD_SECONDS = 4
_RELEASE_SECONDS = 3
RESULTS, CALLS = "evaluation_results", "llm_calls"
_WRITTEN = f"SELECT 1 FROM {RESULTS} WHERE run_id = {{run:UUID}} AND case_id = {{case:String}}"


class Evaluator:
    """Runs jobs, several at a time, in one event loop."""

    def __init__(self, settings: WorkerSettings, pool: Pool) -> None:
        self._settings, self._pool = settings, pool
        self._clickhouse = ClickHouse(settings)
        self._s3 = objects.s3(settings.aws_region)
        self._providers = {name: Provider(name, settings) for name in CLIENTS}
        self._running: set[asyncio.Task[None]] = set()
        # Longer than a job, and it expires before the job is seen again.
        ended, seen_again = settings.job_max_seconds, settings.job_visibility_timeout_seconds
        self._claim_seconds = (ended + seen_again) / 2

    def cancel(self) -> None:
        """The running jobs go back to the queue."""
        for task in self._running:
            task.cancel()

    async def evaluate(self, id_: UUID) -> None:
        """Returns when the job has ended and all of its effects are there.

        Raises:
            CancelledError: the job goes back to the queue.
            ClaimLostError: another worker has the job.
        """
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        job = await use(lambda: Job.claimed(self._pool, id_, seconds=self._claim_seconds))
        if job is None:
            return
        if job.crashed:
            metrics.JOBS.labels("crashed").inc()
        started = time.monotonic()
        with metrics.JOBS_IN_PROGRESS.track_inprogress():
            try:
                error = await self._error(job)
                await use(lambda: job.finish(self._pool, error=error))
            except asyncio.CancelledError:
                with suppress(TimeoutError):  # the claim will expire
                    async with asyncio.timeout(_RELEASE_SECONDS):
                        await use(lambda: job.release(self._pool))
                raise
        outcome = "succeeded" if error is None else "failed"
        metrics.JOBS.labels(outcome).inc()
        metrics.JOB_DURATION.labels(outcome).observe(time.monotonic() - started)

    async def _error(self, job: Job) -> str | None:
        """Why the job failed, if it did."""
        try:
            async with asyncio.timeout(self._settings.job_max_seconds):
                result = job.result or await self._judged(job)
                await use(lambda: self._write(job, result))
        except ClaimLostError:
            raise
        except TimeoutError:
            return f"the job took longer than {self._settings.job_max_seconds:g} s"
        except Exception as error:
            logging.warning("job %s failed: %s", job.id, error)
            return f"{type(error).__name__}: {error}"
        return None

    async def _judged(self, job: Job) -> Mapping[str, Any]:
        answer = await agent.answer(job.case, job.run.agent_endpoint)
        provider, model = self._providers[job.run.judge.provider], job.run.judge.model
        calls = Calls(provider, model, job.run_id, self._record)
        try:
            scores = await judge(job.case, answer, model=model, ask=calls.ask)
        finally:
            # What was called was paid for, also if the job fails or goes back.
            await calls.recorded(seconds=_RECORD_SECONDS)
        await calls.recorded()
        result = {
            "evaluated_at": round(time.time(), 3),
            "answer": answer,
            "scores": [asdict(score) for score in scores],
        }
        await use(lambda: job.keep(self._pool, result))
        return result

    async def _record(self, call: Row) -> None:
        # The server collects the calls of all workers for a moment: many small parts are slow to merge.
        options = {"async_insert": "1", "wait_for_async_insert": "1"}
        await use(lambda: self._clickhouse.insert(CALLS, [call], **options))

    def _write(self, job: Job, result: Mapping[str, Any]) -> None:
        report = {"case": job.case.model_dump(), "judge_model": job.run.judge.model, **result}
        self._s3.put_object(
            Bucket=self._settings.reports_bucket,
            Key=objects.report_key(job.run_id, job.case.id),
            Body=json.dumps(report, ensure_ascii=False).encode(),
            ContentType="application/json",
        )
        taken_over = job.result is not None
        if taken_over and self._clickhouse.rows(_WRITTEN, run=str(job.run_id), case=job.case.id):
            return
        self._clickhouse.insert(
            RESULTS,
            [self._row(job, score, result["evaluated_at"]) for score in result["scores"]],
            insert_deduplication_token=deduplication_token(job.run_id, job.case.id),
            async_insert="0",  # ClickHouse ignores the token of an asynchronous insert by default
        )

    def _row(self, job: Job, score: Row, evaluated_at: float) -> Row:
        return {
            "evaluated_at": evaluated_at,
            "environment": self._settings.environment,
            "run_id": str(job.run_id),
            "build": job.run.build,
            "built_at": int(job.run.built_at.timestamp()),
            "branch": job.run.branch,
            "dataset": job.run.dataset,
            "case_id": job.case.id,
            "topic": job.case.topic,
            "judge_model": job.run.judge.model,
            **score,
        }


def deduplication_token(run_id: UUID, case_id: str) -> str:
    """All metrics of a case are one insert: all of its rows are there, or none."""
    return f"{run_id}/{case_id}"
