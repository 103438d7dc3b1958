"""What a worker has found, before it leaves: a second run of the job sends the same again."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE jobs ADD COLUMN result jsonb; -- workload/worker/job.py")
