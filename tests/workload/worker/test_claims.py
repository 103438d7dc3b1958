"""A job's claim: one worker has it, and what another writes is refused."""

import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.workload.worker.conftest import CASE, Workers
from workload.database import Pool, connection_pool
from workload.worker.claims import ClaimLostError, Job


@pytest.fixture
def pool(workers: Workers) -> Iterator[Pool]:
    with connection_pool(workers.platform.files / "POSTGRES_URL_FILE", connections=2) as opened:
        yield opened


def _claim(pool: Pool, id_: UUID, *, seconds: float = 60) -> Job:
    job = Job.claimed(pool, id_, seconds=seconds)
    assert job is not None
    return job


def test_a_claimed_job_is_not_claimed_again(workers: Workers, pool: Pool) -> None:
    (id_,) = workers.queue(CASE)

    assert not _claim(pool, id_).crashed
    assert Job.claimed(pool, id_, seconds=60) is None


def test_a_job_whose_claim_has_expired_is_one_whose_worker_crashed(
    workers: Workers, pool: Pool
) -> None:
    (id_,) = workers.queue(CASE)
    first = _claim(pool, id_, seconds=0.1)
    first.keep(pool, {"answer": "kept"})
    time.sleep(0.2)

    second = _claim(pool, id_)

    assert second.crashed
    assert second.result == {"answer": "kept"}
    with pytest.raises(ClaimLostError):
        first.finish(pool)
    with pytest.raises(ClaimLostError):
        first.keep(pool, {})
    assert workers.states() == ["running"]


def test_a_released_job_waits_again_and_has_not_crashed(workers: Workers, pool: Pool) -> None:
    (id_,) = workers.queue(CASE)
    _claim(pool, id_).release(pool)

    assert workers.states() == ["queued"]
    assert not _claim(pool, id_).crashed


@pytest.mark.parametrize(("error", "state"), [(None, "done"), ("no answer", "failed")])
def test_an_ended_job_is_not_claimed_again(
    error: str | None, state: str, workers: Workers, pool: Pool
) -> None:
    (id_,) = workers.queue(CASE)
    _claim(pool, id_).finish(pool, error=error)

    assert workers.states() == [state]
    assert Job.claimed(pool, id_, seconds=60) is None


def test_a_job_of_a_cancelled_run_ends_without_a_worker(workers: Workers, pool: Pool) -> None:
    (id_,) = workers.queue(CASE, cancelled_at="2026-11-28T00:00:00Z")

    assert Job.claimed(pool, id_, seconds=60) is None
    assert workers.states() == ["cancelled"]
