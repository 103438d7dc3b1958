"""Test runs and their jobs in PostgreSQL."""

import hashlib
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from workload.database import Connection
from workload.requests import Case, RequestError, Run, RunRequest

Cases = Callable[[], Sequence[Case]]


def record(connection: Connection, request: RunRequest, cases: Cases, key: str | None) -> UUID:
    """Writes the run and all its jobs in one transaction, or finds the run of the same idempotency key.

    Raises:
        RequestError: the key belongs to a run that another request made.
    """
    digest = hashlib.sha256(request.model_dump_json().encode()).digest()
    run = Jsonb(request.model_dump(mode="json", include=set(Run.model_fields)))
    run_id = uuid4()
    with connection.transaction():
        # The update changes nothing, but returns the other run, after the end of the transaction that writes it.
        found = connection.execute(
            """
            INSERT INTO test_runs (id, idempotency_key, request_digest, run) VALUES (%s, %s, %s, %s)
            ON CONFLICT (idempotency_key) DO UPDATE SET idempotency_key = excluded.idempotency_key
            RETURNING id, request_digest
            """,
            [run_id, key, digest, run],
        ).fetchone()
        assert found is not None
        if found["request_digest"] != digest:
            raise RequestError("This Idempotency-Key belongs to another request. Use a new one.")
        if found["id"] != run_id:
            return UUID(str(found["id"]))
        with connection.cursor().copy('COPY jobs (id, run_id, case_id, "case") FROM STDIN') as rows:
            for case in cases():
                rows.write_row((uuid4(), run_id, case.id, Jsonb(case.model_dump(mode="json"))))
    return run_id


def status(connection: Connection, run_id: UUID) -> dict[str, object] | None:
    """The run, and how many of its jobs are in each state."""
    return connection.execute(
        """
        SELECT id, run->>'build' AS build, run->>'branch' AS branch, run->>'dataset' AS dataset,
          created_at, cancelled_at, finished_at, (
            SELECT jsonb_object_agg(state, jobs) FROM (
              SELECT state, count(*) AS jobs FROM jobs WHERE run_id = test_runs.id GROUP BY state
            ) AS states
          ) AS jobs
        FROM test_runs WHERE id = %s
        """,
        [run_id],
    ).fetchone()


def cancel(connection: Connection, run_id: UUID) -> None:
    """Jobs that no worker has begun will not begin; the others end by themselves."""
    connection.execute(
        """
        WITH run AS (
            UPDATE test_runs SET cancelled_at = now()
            WHERE id = %s AND finished_at IS NULL AND cancelled_at IS NULL RETURNING id
        )
        UPDATE jobs SET state = 'cancelled', finished_at = now() FROM run
        WHERE run_id = run.id AND state IN ('recorded', 'queued')
        """,
        [run_id],
    )


def finish(connection: Connection) -> list[str]:
    """Closes the runs whose jobs have all ended, each once; the outcomes of those that nobody cancelled."""
    finished = connection.execute(
        """
        UPDATE test_runs AS run SET finished_at = now()
        WHERE finished_at IS NULL AND NOT EXISTS (
            SELECT FROM jobs WHERE run_id = run.id AND state IN ('recorded', 'queued', 'running')
        )
        RETURNING cancelled_at, EXISTS (
            SELECT FROM jobs WHERE run_id = run.id AND state = 'failed'
        ) AS failed
        """
    ).fetchall()
    return [
        "failed" if run["failed"] else "succeeded" for run in finished if not run["cancelled_at"]
    ]


def waiting_since(connection: Connection) -> float | None:
    """Unix time since which the job that waits longest has waited."""
    oldest = connection.execute(
        """
        SELECT extract(epoch FROM min(CASE WHEN attempts = 0 THEN recorded_at ELSE queued_at END))::float AS at
        FROM jobs WHERE state IN ('recorded', 'queued')
        """
    ).fetchone()
    return oldest["at"] if oldest else None
