"""The API of one orchestrator, with real stores."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from uuid import uuid4

import boto3
import httpx
import pytest

from tests.workload.conftest import PASSWORD, TOKEN, Platform
from tests.workload.requests import CASE, end_jobs, jobs, queued, run_of
from tests.workload.servers import ORCHESTRATOR, Program, program, wait_until


@pytest.fixture(scope="module")
def running(platform: Platform) -> Iterator[Program]:
    with program(ORCHESTRATOR, platform.variables, token=TOKEN) as running:
        wait_until(running.ready)
        yield running


@pytest.fixture
def orchestrator(running: Program, platform: Platform) -> Program:
    platform.write_files()
    platform.without_rows()
    running.token = TOKEN
    return running


def test_a_run_becomes_one_job_for_each_case_with_only_the_jobs_id_in_the_queue(
    orchestrator: Program, platform: Platform
) -> None:
    answer = orchestrator.post("/test-runs", run_of("a", "b", "c"))
    assert answer.status_code == 202
    wait_until(lambda: len(queued(platform)) == 3)
    assert sorted(queued(platform)) == sorted(jobs(platform))
    assert set(jobs(platform).values()) == {"queued"}
    status = orchestrator.get(f"/test-runs/{answer.json()['id']}").json()
    assert status["jobs"] == {"queued": 3}
    assert status["results"] == f"/test-runs/{status['id']}/results"


def test_a_run_takes_its_cases_from_the_bucket_of_data_sets(
    orchestrator: Program, platform: Platform
) -> None:
    lines = "\n".join(json.dumps(CASE | {"id": name}) for name in ("a", "b"))
    boto3.client("s3", "eu-north-1").put_object(
        Bucket="datasets", Key="support.jsonl", Body=lines.encode()
    )
    run = run_of(cases=None, dataset_object="support.jsonl")
    answer = orchestrator.post("/test-runs", run)
    assert answer.status_code == 202
    assert sum(answer.json()["jobs"].values()) == 2
    wait_until(lambda: sorted(queued(platform)) == sorted(jobs(platform)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no object 'x.jsonl'"),
        ('{"id": "a"}', "'x.jsonl', line 1: topic: Field required"),
        (json.dumps(CASE) + "\n" + json.dumps(CASE), "two cases with the id 'one'"),
        (json.dumps(CASE | {"answer": None}), "no recorded answer of case 'one'"),
        ("", "has 0 cases"),
    ],
)
def test_a_data_set_that_cannot_be_evaluated_is_refused_with_the_reason(
    orchestrator: Program, content: str | None, message: str
) -> None:
    client = boto3.client("s3", "eu-north-1")
    client.delete_object(Bucket="datasets", Key="x.jsonl")
    if content is not None:
        client.put_object(Bucket="datasets", Key="x.jsonl", Body=content.encode())
    answer = orchestrator.post("/test-runs", run_of(cases=None, dataset_object="x.jsonl"))
    assert answer.status_code == 422
    assert message in answer.json()["detail"]


@pytest.mark.parametrize(
    "change",
    [
        {"dataset_object": "x.jsonl"},  # and cases
        {"cases": []},
        {"cases": [CASE, CASE]},
        {"cases": [CASE | {"answer": None}]},
        {"agent_endpoint": "ftp://agent.example.com"},
        {"agent_endpoint": f"https://user:{PASSWORD}@agent.example.com"},
        {"judge": {"provider": "unknown", "model": "x"}},
        {"built_at": "2026-11-01T00:00:00"},  # which zone?
        {"branch": "a\0b"},
        {"cases": [CASE | {"question": "\0"}]},
        {"cases": None, "dataset_object": ""},
        {"more": 1},
    ],
    ids=repr,
)
def test_a_request_that_cannot_be_evaluated_is_refused(
    orchestrator: Program, platform: Platform, change: dict[str, object]
) -> None:
    assert orchestrator.post("/test-runs", run_of("a", **change)).status_code == 422
    assert not jobs(platform)


def test_a_refusal_names_the_field_and_repeats_no_value(orchestrator: Program) -> None:
    endpoint = f"https://user:{PASSWORD}@agent.example.com"
    answer = orchestrator.post("/test-runs", run_of("a", agent_endpoint=endpoint))
    assert "agent_endpoint" in answer.text
    assert PASSWORD not in answer.text


def test_half_a_character_is_refused(orchestrator: Program) -> None:
    body = json.dumps(run_of("a", **{"\ud800": "\ud800"}))
    headers = orchestrator.headers | {"Content-Type": "application/json"}
    answer = httpx.post(f"{orchestrator.url}/test-runs", content=body, headers=headers)
    assert answer.status_code == 422


def test_a_body_over_the_limit_or_of_unknown_length_is_refused(
    orchestrator: Program,
) -> None:
    large = 9 * 1024 * 1024
    answer = orchestrator.post("/test-runs", run_of("a", branch="x" * large))
    assert (answer.status_code, "bucket of data sets" in answer.json()["detail"]) == (413, True)
    chunks = iter([json.dumps(run_of("a")).encode()])
    url = f"{orchestrator.url}/test-runs"
    assert httpx.post(url, content=chunks, headers=orchestrator.headers).status_code == 411


def test_the_same_key_starts_one_run_however_often_and_at_the_same_time(
    orchestrator: Program, platform: Platform
) -> None:
    key = {"Idempotency-Key": "build-1"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda _: orchestrator.post("/test-runs", run_of("a"), **key).json(), range(16)
            )
        )
    assert len({answer["id"] for answer in answers}) == 1
    assert len(jobs(platform)) == 1
    other = orchestrator.post("/test-runs", run_of("b"), **key)
    assert (other.status_code, "another request" in other.json()["detail"]) == (422, True)


def status_with(running: Program, method: str, path: str, authorization: str | None) -> int:
    """httpx refuses to send some of these headers."""
    connection = HTTPConnection("127.0.0.1", int(running.variables["PORT"]), timeout=10)
    headers = {} if authorization is None else {"Authorization": authorization}
    connection.request(method, f"/test-runs{path}", json.dumps(run_of("a")), headers)
    return connection.getresponse().status


@pytest.mark.parametrize(
    "header", [None, "Bearer wrong", "Bearer ", "Basic YS10b2tlbg==", "a-token"]
)
def test_every_path_of_the_api_refuses_a_request_without_the_token(
    orchestrator: Program, header: str | None
) -> None:
    for method, path in (
        ("POST", ""),
        ("GET", f"/{uuid4()}"),
        ("POST", f"/{uuid4()}/cancel"),
        ("GET", f"/{uuid4()}/results"),
        ("GET", f"/{uuid4()}/cases/one"),
    ):
        assert status_with(orchestrator, method, path, header) == 401


def test_a_new_token_is_valid_without_a_restart_and_the_old_one_is_not(
    orchestrator: Program, platform: Platform
) -> None:
    path = f"/test-runs/{uuid4()}"
    (platform.files / "API_TOKEN_FILE").write_text("new-token\n")
    assert orchestrator.get(path).status_code == 401
    orchestrator.token = "new-token"
    assert orchestrator.get(path).status_code == 404


def test_an_empty_token_lets_nobody_in(orchestrator: Program, platform: Platform) -> None:
    (platform.files / "API_TOKEN_FILE").write_text("\n")
    for header in ("Bearer ", "Bearer", None):
        assert status_with(orchestrator, "GET", f"/{uuid4()}", header) in (401, 503)
    assert not orchestrator.ready()


def test_a_store_that_is_down_is_named_and_the_others_answer(orchestrator: Program) -> None:
    id_ = orchestrator.post("/test-runs", run_of("a")).json()["id"]
    answer = orchestrator.get(f"/test-runs/{id_}/results")
    assert (answer.status_code, "ClickHouse" in answer.json()["detail"]) == (503, True)
    assert orchestrator.get(f"/test-runs/{id_}").status_code == 200


def test_the_report_of_a_case_is_what_the_worker_wrote(orchestrator: Program) -> None:
    id_ = orchestrator.post("/test-runs", run_of("a/b")).json()["id"]
    path = f"/test-runs/{id_}/cases/a/b"
    assert orchestrator.get(path).status_code == 404
    boto3.client("s3", "eu-north-1").put_object(
        Bucket="reports", Key=f"{id_}/a/b.json", Body=b'{"answer": "Like this."}'
    )
    assert orchestrator.get(path).json() == {"answer": "Like this."}


def test_a_cancelled_run_has_no_job_that_a_worker_may_begin(
    orchestrator: Program, platform: Platform
) -> None:
    id_ = orchestrator.post("/test-runs", run_of("a", "b")).json()["id"]
    assert orchestrator.post(f"/test-runs/{id_}/cancel").json()["jobs"] == {"cancelled": 2}
    wait_until(lambda: orchestrator.get(f"/test-runs/{id_}").json()["finished_at"])
    lines = orchestrator.metrics().splitlines()
    counts = {line.split()[-1] for line in lines if line.startswith("eval_test_runs_total{")}
    assert counts == {"0.0"}, "a cancelled run neither succeeded nor failed"
    assert orchestrator.post(f"/test-runs/{uuid4()}/cancel").status_code == 404


@pytest.mark.parametrize(("state", "outcome"), [("done", "succeeded"), ("failed", "failed")])
def test_a_run_ends_with_its_last_job_and_counts_once(
    orchestrator: Program, platform: Platform, state: str, outcome: str
) -> None:
    id_ = orchestrator.post("/test-runs", run_of("a", "b")).json()["id"]
    end_jobs(platform, state)
    wait_until(lambda: orchestrator.get(f"/test-runs/{id_}").json()["finished_at"])
    wait_until(lambda: f'eval_test_runs_total{{outcome="{outcome}"}} 1.0' in orchestrator.metrics())
    time.sleep(1.5)
    assert f'eval_test_runs_total{{outcome="{outcome}"}} 1.0' in orchestrator.metrics()


def test_the_oldest_jobs_age_is_exported_from_the_first_scrape_and_is_zero_without_jobs(
    orchestrator: Program, platform: Platform
) -> None:
    def age() -> float:
        name = "eval_queue_oldest_job_age_seconds "
        (line,) = (line for line in orchestrator.metrics().splitlines() if line.startswith(name))
        return float(line.removeprefix(name))

    assert age() == 0
    orchestrator.post("/test-runs", run_of("a"))
    with platform.database() as connection:
        connection.execute("UPDATE jobs SET recorded_at = now() - interval '400 seconds'")
    wait_until(lambda: 400 <= age() < 420)
    end_jobs(platform, "done")
    wait_until(lambda: age() == 0)


def test_requests_are_measured_by_route_and_not_by_path(orchestrator: Program) -> None:
    path = f"/test-runs/{uuid4()}"
    orchestrator.get(path)
    orchestrator.get("/unknown")
    metrics = orchestrator.metrics()
    assert (
        'http_server_request_duration_seconds_count{http_request_method="GET",'
        'http_response_status_code="404",http_route="/test-runs/{run_id}"} ' in metrics
    )
    assert path not in metrics
    assert "/unknown" not in metrics


def test_every_key_begins_with_the_prefix_of_the_queues_key(
    orchestrator: Program, platform: Platform
) -> None:
    orchestrator.post("/test-runs", run_of("a"))
    wait_until(lambda: len(queued(platform)) == 1)
    keys = platform.redis.command("KEYS", "*").splitlines()
    assert keys
    assert all(key.startswith("eval:") for key in keys)
