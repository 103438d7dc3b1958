"""Test runs, and their jobs: one for each case."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE test_runs (
            id uuid PRIMARY KEY,
            idempotency_key text UNIQUE,
            request_digest bytea NOT NULL, -- of the request that made the run
            run jsonb NOT NULL, -- workload/requests.py, Run
            created_at timestamptz NOT NULL DEFAULT now(),
            cancelled_at timestamptz,
            finished_at timestamptz -- no job can change any more
        );
        CREATE TABLE jobs (
            id uuid PRIMARY KEY, -- also the id of its message in the queue
            run_id uuid NOT NULL REFERENCES test_runs,
            case_id text NOT NULL,
            "case" jsonb NOT NULL, -- workload/requests.py, Case
            state text NOT NULL DEFAULT 'recorded' CHECK
                (state IN ('recorded', 'queued', 'running', 'done', 'failed', 'cancelled')),
            attempts int NOT NULL DEFAULT 0, -- claims so far
            recorded_at timestamptz NOT NULL DEFAULT now(),
            queued_at timestamptz, -- when it was last put into the queue
            claimed_by uuid, -- of this claim; another claim has another one
            claimed_until timestamptz, -- after that another worker may claim it
            finished_at timestamptz,
            result jsonb, -- what a worker has found, before it leaves: workload/worker/evaluation.py
            error text,
            UNIQUE (run_id, case_id)
        );
        CREATE INDEX jobs_unfinished ON jobs (state, queued_at)
            WHERE state IN ('recorded', 'queued', 'running');
        CREATE INDEX test_runs_unfinished ON test_runs (id) WHERE finished_at IS NULL;
        """
    )
