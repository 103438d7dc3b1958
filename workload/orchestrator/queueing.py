"""Puts recorded jobs into the queue, and those back that the queue has lost.

A job is in PostgreSQL first. The queue replicates asynchronously, so a failover may lose a push that it
acknowledged. Any number of orchestrators can do this at the same time. A job may be in the queue twice
(a program dies between the push and the commit); the worker's claim in PostgreSQL makes that harmless.
"""

import json
import time
from uuid import UUID

import redis
from celery import Celery

from workload.database import Connection
from workload.queue import TASK
from workload.settings import Settings

_JOBS_AT_ONCE = 100
# A worker takes a message out of the list, and a moment later writes it to its unacknowledged ones.
_SECOND_LOOK_SECONDS = 1
_GRACE_SECONDS = 10
_UNACKED = "unacked"  # kombu's hash of messages that a worker holds
_UNCLAIMED = f"""
    state IN ('queued', 'running') AND queued_at < now() - interval '{_GRACE_SECONDS} seconds'
    AND (claimed_until IS NULL OR claimed_until < now())
"""


def publish(connection: Connection, app: Celery) -> int:
    """Queues some recorded jobs; how many."""
    with connection.transaction(), app.producer_or_acquire() as producer:
        jobs = connection.execute(
            """
            UPDATE jobs SET state = 'queued', queued_at = now() WHERE id IN (
                SELECT id FROM jobs WHERE state = 'recorded' ORDER BY recorded_at
                LIMIT %s FOR UPDATE SKIP LOCKED
            ) RETURNING id
            """,
            [_JOBS_AT_ONCE],
        ).fetchall()
        for id_ in (str(job["id"]) for job in jobs):
            app.send_task(TASK, args=[id_], task_id=id_, producer=producer, retry=False)
    return len(jobs)


def reconcile(connection: Connection, client: redis.Redis, settings: Settings) -> int:
    """Marks as recorded, so that they are published again, the jobs that neither queue nor worker holds."""
    jobs = connection.execute(f"SELECT id FROM jobs WHERE {_UNCLAIMED}").fetchall()
    missing = {job["id"] for job in jobs} - _held(client, settings)
    if not missing:
        return 0
    time.sleep(_SECOND_LOOK_SECONDS)
    missing -= _held(client, settings)
    # Since the first look a job may have ended, or another orchestrator may have queued it again.
    return connection.execute(
        f"UPDATE jobs SET state = 'recorded' WHERE id = ANY(%s) AND {_UNCLAIMED}", [list(missing)]
    ).rowcount


def _held(client: redis.Redis, settings: Settings) -> set[UUID]:
    """The jobs that wait in the list, and those that a worker took and did not acknowledge."""
    # In one transaction: between two reads a job could go back from one place to the other.
    with client.pipeline(transaction=True) as both:
        both.lrange(settings.redis_queue_key, 0, -1)
        both.hvals(settings.queue_prefix + _UNACKED)
        waiting, taken = both.execute()
    messages = [*map(json.loads, waiting), *(json.loads(message)[0] for message in taken)]
    return {UUID(message["headers"]["id"]) for message in messages}
