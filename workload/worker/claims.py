"""Jobs in PostgreSQL: who runs one, and what it has found. What a worker without the claim writes is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from workload.cases import Case
from workload.database import Pool


class ClaimLostError(Exception):
    """Another worker has the job, or it was cancelled."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A claimed job, with what it needs of its run."""

    id: UUID
    claim: UUID
    crashed: bool  # another worker had the job and died
    case: Case
    result: Mapping[str, object] | None  # of a worker that judged the case and died before the end
    run_id: UUID
    build: str
    built_at: datetime
    branch: str
    dataset: str
    agent_endpoint: str | None
    judge_provider: str
    judge_model: str

    @classmethod
    def claimed(cls, pool: Pool, id_: UUID, *, seconds: float) -> Self | None:
        """The job, if it waits, or if the claim of the worker that had it has expired; else None.

        A cancelled run's job is not started again. The row is locked first: the message may arrive before
        the transaction that queued it ends, and must then see the row as that leaves it.
        """
        claim = uuid4()
        with pool.connection() as connection:
            row = connection.execute(
                """
                WITH before AS (SELECT * FROM jobs WHERE id = %(id)s FOR UPDATE)
                UPDATE jobs SET attempts = jobs.attempts + 1, claimed_by = %(claim)s,
                  claimed_until = now() + make_interval(secs => %(seconds)s),
                  state = CASE WHEN run.cancelled_at IS NULL THEN 'running' ELSE 'cancelled' END,
                  finished_at = CASE WHEN run.cancelled_at IS NULL THEN NULL ELSE now() END
                FROM before JOIN test_runs AS run ON run.id = before.run_id
                WHERE jobs.id = before.id AND (
                  before.state IN ('recorded', 'queued')
                  OR before.state = 'running' AND before.claimed_until < now()
                )
                RETURNING before.claimed_by IS NOT NULL AS crashed, jobs.state, jobs."case", jobs.result,
                  jobs.run_id, build, built_at, branch, dataset, agent_endpoint, judge_provider, judge_model
                """,
                {"claim": claim, "seconds": seconds, "id": id_},
            ).fetchone()
        if row is None or row.pop("state") == "cancelled":
            return None
        row["case"] = Case.model_validate(row["case"])
        return cls(id=id_, claim=claim, **row)

    def keep(self, pool: Pool, result: Mapping[str, object]) -> None:
        """Stores what was found, before anything of it leaves: a second run of the job sends the same."""
        self._write(pool, "result = %(result)s", result=Jsonb(result))

    def finish(self, pool: Pool, *, error: str | None = None) -> None:
        """Done, or failed if there is an error."""
        self._write(
            pool,
            "state = %(state)s, error = %(error)s, finished_at = now(), claimed_by = NULL, claimed_until = NULL",
            state="done" if error is None else "failed",
            error=error,
        )

    def release(self, pool: Pool) -> None:
        """The job goes back to the queue; whoever takes it next counts no crash."""
        self._write(
            pool,
            "state = 'queued', queued_at = now(), claimed_by = NULL, claimed_until = NULL",
        )

    def _write(self, pool: Pool, columns: str, **values: object) -> None:
        with pool.connection() as connection:
            written = connection.execute(
                f"UPDATE jobs SET {columns} WHERE id = %(id)s AND claimed_by = %(claim)s",
                {"id": self.id, "claim": self.claim, **values},
            )
        if written.rowcount == 0:
            raise ClaimLostError(f"job {self.id} belongs to another worker now")
