"""One job: an agent's answer to one case is judged, and its scores are written once.

The result is kept in PostgreSQL before anything of it leaves, under the job's claim. So a job that runs
twice writes the same rows, in the same partition, with the same deduplication token, and ClickHouse drops
the second insert. ClickHouse forgets tokens after an hour (`replicated_deduplication_window_seconds`), and
a job's second run may be later: the worker that takes over such a job looks for its rows first.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import KW_ONLY, asdict, dataclass
from functools import partial
from typing import Any
from uuid import UUID

from workload.clickhouse import ClickHouse, Row
from workload.database import Pool
from workload.objects import report_key
from workload.settings import WorkerSettings
from workload.worker.agent import Agent
from workload.worker.claims import Job
from workload.worker.judge import Score, judge
from workload.worker.llm import Judge, Llm
from workload.worker.stores import Stores

# After the end of a job that failed or goes back, for its calls in ClickHouse; they are tried on after that.
_RECORD_SECONDS = 4
RESULTS, CALLS = "evaluation_results", "llm_calls"


@dataclass(frozen=True)
class JobRunner:
    """Scores cases, several at a time, in one event loop."""

    settings: WorkerSettings
    _: KW_ONLY
    pool: Pool
    clickhouse: ClickHouse
    s3: Any
    stores: Stores
    llm: Llm
    agent: Agent

    async def run(self, job: Job) -> None:
        """Returns when all of the job's effects are there.

        Raises:
            TimeoutError: the job took longer than JOB_MAX_SECONDS.
        """
        async with asyncio.timeout(self.settings.job_max_seconds):
            result = job.result
            taken_over = result is not None
            if result is None:
                result = await self._judge(job)
                await self.stores.use_in_thread(partial(job.keep, self.pool, result))
            await self._write(job, result, taken_over=taken_over)

    async def _judge(self, job: Job) -> Mapping[str, object]:
        answer = await self.agent.answer(job.case, job.agent_endpoint)
        calls = Judge(self.llm, job.judge_provider, job.judge_model, job.run_id, self._record)
        try:
            scores = await judge(job.case, answer, model=job.judge_model, ask=calls.ask)
        finally:
            # What was called was paid for, also if the job fails or goes back.
            await calls.recorded(seconds=_RECORD_SECONDS)
        await calls.recorded()
        return {
            "evaluated_at": round(time.time(), 3),
            "answer": answer,
            "scores": [asdict(score) for score in scores],
        }

    async def _record(self, call: Row) -> None:
        # The server collects the calls of all workers for a moment: many small parts are slow to merge.
        insert = partial(
            self.clickhouse.insert, CALLS, [call], async_insert="1", wait_for_async_insert="1"
        )
        await self.stores.use_in_thread(insert)

    async def _write(self, job: Job, result: Mapping[str, Any], *, taken_over: bool) -> None:
        scores = [Score(**score) for score in result["scores"]]
        await self.stores.use_in_thread(partial(self._report, job, result))
        rows = [self._row(job, score, result["evaluated_at"]) for score in scores]
        written = partial(
            self.clickhouse.count, RESULTS, run_id=str(job.run_id), case_id=job.case.id
        )
        if taken_over and await self.stores.use_in_thread(written) > 0:
            return
        insert = partial(
            self.clickhouse.insert,
            RESULTS,
            rows,
            insert_deduplication_token=deduplication_token(job.run_id, job.case.id),
            async_insert="0",  # ClickHouse ignores the token of an asynchronous insert by default
        )
        await self.stores.use_in_thread(insert)

    def _report(self, job: Job, result: Mapping[str, Any]) -> None:
        report = {"case": job.case.model_dump(), "judge_model": job.judge_model, **result}
        self.s3.put_object(
            Bucket=self.settings.reports_bucket,
            Key=report_key(job.run_id, job.case.id),
            Body=json.dumps(report, ensure_ascii=False).encode(),
            ContentType="application/json",
        )

    def _row(self, job: Job, score: Score, evaluated_at: float) -> Row:
        return {
            "evaluated_at": evaluated_at,
            "environment": self.settings.environment,
            "run_id": str(job.run_id),
            "build": job.build,
            "built_at": int(job.built_at.timestamp()),
            "branch": job.branch,
            "dataset": job.dataset,
            "case_id": job.case.id,
            "topic": job.case.topic,
            "judge_model": job.judge_model,
            **asdict(score),
        }


def deduplication_token(run_id: UUID, case_id: str) -> str:
    """All metrics of a case are one insert: all of its rows are there, or none."""
    return f"{run_id}/{case_id}"
