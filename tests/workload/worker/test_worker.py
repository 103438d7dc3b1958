"""The whole program on real servers: a job's effects are there once, whatever happens to the worker."""

import json
import signal

import boto3

from tests.workload.servers import wait_until
from tests.workload.worker.conftest import CASE, Workers, health, value, wait_until_ready
from tests.workload.worker.provider import Reply

_RESULTS = "SELECT metric, score, judge_model, topic FROM evaluation_results ORDER BY metric"


def test_a_job_is_judged_and_leaves_its_scores_calls_report_and_metrics(workers: Workers) -> None:
    workers.queue(CASE)
    with workers.start() as worker:
        wait_until(lambda: workers.states() == ["done"], seconds=150)

        assert workers.clickhouse(_RESULTS).splitlines() == [
            "answer_relevancy\t1\tgpt-4.1-mini\tcolours",
            "faithfulness\t1\tgpt-4.1-mini\tcolours",
        ]
        calls = len(workers.provider.requests)
        assert workers.clickhouse("SELECT count(), max(attempt) FROM llm_calls") == f"{calls}\t1"
        with workers.platform.database() as connection:
            ((run,),) = connection.execute("SELECT id FROM test_runs").fetchall()
        # The bucket has the reports of other tests too.
        listed = boto3.client("s3").list_objects_v2(Bucket="reports", Prefix=f"{run}/")
        (report,) = listed["Contents"]
        body = boto3.client("s3").get_object(Bucket="reports", Key=report["Key"])["Body"].read()
        assert json.loads(body)["answer"] == "It is blue."
        assert value(worker, 'eval_jobs_total{outcome="succeeded"}') == 1
        assert value(worker, "eval_jobs_in_progress") == 0
        assert (health(worker, "/healthz"), health(worker, "/readyz")) == (200, 200)
        wait_until(lambda: workers.platform.redis.command("HLEN", "eval:unacked") == "0")


def test_at_sigterm_no_further_job_starts_and_an_unfinished_one_is_the_next(
    workers: Workers,
) -> None:
    slow = Reply(seconds=30)
    workers.provider.replies[:] = [slow] * 4
    with workers.start(
        JOB_CONCURRENCY="1", LLM_TIMEOUT_SECONDS="60", JOB_MAX_SECONDS="60"
    ) as first:
        wait_until_ready(first)
        (job, *_) = workers.queue(CASE | {"id": "a"}, CASE | {"id": "b"})
        wait_until(lambda: len(workers.provider.requests) > 0)
        first.process.send_signal(signal.SIGTERM)
        wait_until(lambda: health(first, "/readyz") == 503)
        assert health(first, "/healthz") == 200
        assert first.process.wait(timeout=40) == 0

    assert workers.states() == ["queued", "queued"]
    messages = workers.platform.redis.command("LRANGE", "eval:jobs", "0", "-1").splitlines()
    assert json.loads(messages[-1])["headers"]["id"] == str(job), "BRPOP takes the last one"
    made = len(workers.provider.requests)
    cancelled = "SELECT count() FROM llm_calls WHERE error_type = 'cancelled'"
    assert workers.clickhouse(cancelled) == str(made)

    workers.provider.replies.clear()
    with workers.start() as second:
        wait_until(lambda: workers.states() == ["done", "done"], seconds=150)
        assert value(second, 'eval_jobs_total{outcome="succeeded"}') == 2
        assert value(second, 'eval_jobs_total{outcome="crashed"}') == 0
    assert workers.clickhouse("SELECT count() FROM evaluation_results") == "4"


def test_the_job_of_a_killed_worker_runs_again_after_the_visibility_timeout_as_crashed(
    workers: Workers,
) -> None:
    times = {"JOB_MAX_SECONDS": "18", "JOB_VISIBILITY_TIMEOUT_SECONDS": "20"}
    workers.provider.replies[:] = [Reply(seconds=4)] * 2
    workers.queue(CASE)
    with workers.start(**times) as first:
        wait_until(lambda: len(workers.provider.requests) > 0, seconds=150)
        first.process.kill()
    with workers.start(**times) as second:
        wait_until(lambda: workers.states() == ["done"], seconds=150)
        assert value(second, 'eval_jobs_total{outcome="crashed"}') == 1
        assert value(second, 'eval_jobs_total{outcome="succeeded"}') == 1
    assert workers.clickhouse("SELECT count() FROM evaluation_results") == "2"
