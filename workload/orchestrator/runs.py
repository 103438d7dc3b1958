"""Test runs and their jobs in PostgreSQL."""

import hashlib
from collections.abc import Sequence
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from workload.cases import Case
from workload.database import Connection
from workload.orchestrator.requests import TestRun


class OtherRequestError(Exception):
    """The idempotency key belongs to a run that another request made."""


def existing(connection: Connection, run: TestRun, idempotency_key: str | None) -> UUID | None:
    """The run that the same request made before."""
    found = connection.execute(
        "SELECT id, request_digest FROM test_runs WHERE idempotency_key = %s", [idempotency_key]
    ).fetchone()
    if found is None:
        return None
    if found["request_digest"] != _digest(run):
        raise OtherRequestError
    return UUID(str(found["id"]))


def record(
    connection: Connection, run: TestRun, cases: Sequence[Case], idempotency_key: str | None
) -> UUID:
    """Writes the run and all its jobs in one transaction, or finds the run of the same key."""
    with connection.transaction():
        inserted = connection.execute(
            """
            INSERT INTO test_runs (id, idempotency_key, request_digest, build, built_at, branch, dataset,
              agent_endpoint, judge_provider, judge_model)
            VALUES (%(id)s, %(key)s, %(digest)s, %(build)s, %(built_at)s, %(branch)s, %(dataset)s,
              %(agent_endpoint)s, %(provider)s, %(model)s)
            ON CONFLICT (idempotency_key) DO NOTHING
            """,
            {"id": (run_id := uuid4()), "key": idempotency_key, "digest": _digest(run)}
            | run.model_dump(exclude={"cases", "judge"})
            | {"agent_endpoint": run.agent_endpoint and str(run.agent_endpoint)}
            | run.judge.model_dump(),
        )
        if inserted.rowcount == 0:
            before = existing(connection, run, idempotency_key)
            assert before is not None, "the conflict was with a committed row"
            return before
        with connection.cursor().copy('COPY jobs (id, run_id, case_id, "case") FROM STDIN') as rows:
            for case in cases:
                rows.write_row((uuid4(), run_id, case.id, Jsonb(case.model_dump(mode="json"))))
    return run_id


def status(connection: Connection, run_id: UUID) -> dict[str, object] | None:
    """The run, and how many of its jobs are in each state."""
    run = connection.execute(
        "SELECT id, build, branch, dataset, created_at, cancelled_at, finished_at FROM test_runs WHERE id = %s",
        [run_id],
    ).fetchone()
    if run is None:
        return None
    jobs = connection.execute(
        "SELECT state, count(*) AS jobs FROM jobs WHERE run_id = %s GROUP BY state", [run_id]
    ).fetchall()
    return run | {"jobs": {row["state"]: row["jobs"] for row in jobs}}


def cancel(connection: Connection, run_id: UUID) -> None:
    """Jobs that no worker has begun will not begin; the others end by themselves."""
    with connection.transaction():
        connection.execute(
            "UPDATE test_runs SET cancelled_at = now() WHERE id = %s AND finished_at IS NULL AND cancelled_at IS NULL",
            [run_id],
        )
        connection.execute(
            """
            UPDATE jobs SET state = 'cancelled', finished_at = now()
            WHERE run_id = %s AND state IN ('recorded', 'queued')
              AND EXISTS (SELECT FROM test_runs WHERE id = run_id AND cancelled_at IS NOT NULL)
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


def _digest(run: TestRun) -> bytes:
    return hashlib.sha256(run.model_dump_json().encode()).digest()
