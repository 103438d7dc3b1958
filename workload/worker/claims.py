"""Jobs in PostgreSQL: who runs one, and what it has found. What a worker without the claim writes is refused."""

from collections.abc import Mapping
from typing import Any, Self
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict

from workload.database import Pool
from workload.requests import Case, Run


class ClaimLostError(Exception):
    """Another worker has the job, or it was cancelled."""


class Job(BaseModel):
    """A claimed job, with what it needs of its run."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    claimed_by: UUID
    crashed: bool  # another worker had the job and died
    case: Case
    result: dict[str, Any] | None  # of a worker that judged the case and died before the end
    run_id: UUID
    run: Run

    @classmethod
    def claimed(cls, pool: Pool, id_: UUID, *, seconds: float) -> Self | None:
        """The job, if it waits, or if the claim of the worker that had it has expired; else None.

        A cancelled run's job is not started again. The row is locked first: the message may arrive before
        the transaction that queued it ends, and must then see the row as that leaves it.
        """
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
                RETURNING jobs.*, run.run, before.claimed_by IS NOT NULL AS crashed
                """,
                {"claim": uuid4(), "seconds": seconds, "id": id_},
            ).fetchone()
        return None if row is None or row["state"] == "cancelled" else cls.model_validate(row)

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
        columns = "state = 'queued', queued_at = now(), claimed_by = NULL, claimed_until = NULL"
        self._write(pool, columns)

    def _write(self, pool: Pool, columns: str, **values: object) -> None:
        with pool.connection() as connection:
            written = connection.execute(
                f"UPDATE jobs SET {columns} WHERE id = %(id)s AND claimed_by = %(claim)s",
                {"id": self.id, "claim": self.claimed_by, **values},
            )
        if written.rowcount == 0:
            raise ClaimLostError(f"job {self.id} belongs to another worker now")
