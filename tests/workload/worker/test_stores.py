"""A store that is down stops no worker: it is alive, and goes on when the store is back."""

import time
from pathlib import Path

from tests.workload.servers import Redis, wait_until
from tests.workload.worker.conftest import CASE, Workers, health, wait_until_ready


def test_a_worker_lives_while_the_queue_is_down_and_takes_jobs_again_with_a_new_password(
    workers: Workers, tmp_path: Path
) -> None:
    redis = Redis(tmp_path)
    url = tmp_path / "url"
    url.write_text(redis.url)
    with redis.running(), workers.start(REDIS_URL_FILE=str(url)) as worker:
        wait_until_ready(worker)
        redis.set_password("second")
        redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        wait_until(lambda: health(worker, "/readyz") == 503)
        time.sleep(3)
        assert health(worker, "/healthz") == 200
        assert health(worker, "/readyz") == 503, "the old password is refused"

        url.write_text(redis.url)
        wait_until(lambda: health(worker, "/readyz") == 200)


def test_a_job_waits_for_postgresql_and_clickhouse(workers: Workers) -> None:
    postgres = workers.platform.files / "POSTGRES_URL_FILE"
    clickhouse = workers.platform.files / "CLICKHOUSE_URL_FILE"
    right = {file: file.read_text() for file in (postgres, clickhouse)}
    workers.queue(CASE)
    for file, url in right.items():
        file.write_text(url.replace(":first@", ":wrong@"))
    try:
        with workers.start() as worker:
            wait_until_ready(worker)
            wait_until(lambda: workers.platform.redis.command("HLEN", "eval:unacked") == "1")
            time.sleep(2)
            assert workers.states() == ["queued"]
            postgres.write_text(right[postgres])
            wait_until(lambda: workers.states() == ["running"])
            wait_until(lambda: len(workers.provider.requests) > 0)
            time.sleep(2)
            assert workers.states() == ["running"]
            assert health(worker, "/healthz") == 200
            clickhouse.write_text(right[clickhouse])
            wait_until(lambda: workers.states() == ["done"], seconds=60)
    finally:
        for file, url in right.items():
            file.write_text(url)
    assert workers.clickhouse("SELECT count() FROM evaluation_results") == "2"
