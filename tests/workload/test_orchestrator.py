"""Orchestrators that start, die, lose their stores and end, with real stores."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.workload.conftest import TOKEN, Platform
from tests.workload.requests import QUEUE, jobs, queued, run_of
from tests.workload.servers import ORCHESTRATOR, Postgres, Program, program, wait_until


@pytest.fixture
def orchestrator(platform: Platform) -> Iterator[Program]:
    platform.write_files()
    with program(ORCHESTRATOR, platform.variables, token=TOKEN) as running:
        wait_until(running.ready)
        platform.without_rows()
        yield running


def test_three_orchestrators_that_start_at_once_migrate_once(platform: Platform) -> None:
    with ExitStack() as stack:
        programs = [
            stack.enter_context(program(ORCHESTRATOR, platform.variables, token=TOKEN))
            for _ in range(3)
        ]
        for running in programs:
            wait_until(running.ready)
    with platform.database() as connection:
        versions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert len(versions) == 1


def test_a_program_that_comes_back_starts_with_the_tables_of_the_next_release(
    orchestrator: Program, platform: Platform
) -> None:
    with platform.database() as connection:
        (before,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ()
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    try:
        with program(ORCHESTRATOR, platform.variables, token=TOKEN) as older:
            wait_until(older.ready)
            assert older.post("/test-runs", run_of("a")).status_code == 202
    finally:
        with platform.database() as connection:
            connection.execute("UPDATE alembic_version SET version_num = %s", [before])


def test_a_run_that_was_recorded_survives_the_death_of_its_orchestrator_before_the_push(
    orchestrator: Program, platform: Platform
) -> None:
    user = platform.redis.command("ACL", "LIST")
    assert user
    platform.redis.command("CLIENT", "PAUSE", "600000", "WRITE")
    try:
        assert orchestrator.post("/test-runs", run_of("a", "b")).status_code == 202
        orchestrator.process.kill()
        orchestrator.process.wait()
    finally:
        platform.redis.command("CLIENT", "UNPAUSE")
    platform.redis.command("DEL", QUEUE)
    assert set(jobs(platform).values()) == {"recorded"}
    with program(ORCHESTRATOR, platform.variables, token=TOKEN):
        wait_until(lambda: sorted(queued(platform)) == sorted(jobs(platform)))


def test_exactly_the_jobs_that_the_queue_lost_are_queued_again_by_three_orchestrators(
    orchestrator: Program, platform: Platform
) -> None:
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(program(ORCHESTRATOR, platform.variables, token=TOKEN))
        orchestrator.post("/test-runs", run_of("waits", "taken", "claimed", "done", "lost"))
        wait_until(lambda: len(queued(platform)) == 5)
        messages = platform.redis.command("LRANGE", QUEUE, "0", "-1").splitlines()
        with platform.database() as connection:
            ids = {
                case: str(id_) for case, id_ in connection.execute("SELECT case_id, id FROM jobs")
            }
            connection.execute("UPDATE jobs SET queued_at = now() - interval '1 hour'")
            connection.execute("UPDATE jobs SET state = 'done' WHERE case_id = 'done'")
            connection.execute(
                "UPDATE jobs SET state = 'running', claimed_until = now() + interval '1 hour' "
                "WHERE case_id = 'claimed'"
            )
        by_id = {json.loads(message)["headers"]["id"]: message for message in messages}
        for case in ("taken", "claimed", "done", "lost"):
            platform.redis.command("LREM", QUEUE, "1", by_id[ids[case]])
        held = json.dumps([json.loads(by_id[ids["taken"]]), "", "jobs"])
        platform.redis.command("HSET", "eval:unacked", "a-tag", held)
        wait_until(lambda: ids["lost"] in queued(platform), seconds=40)
        time.sleep(15)  # longer than between two looks
        assert sorted(queued(platform)) == sorted([ids["waits"], ids["lost"]])


def test_it_waits_for_the_database_without_ending_and_its_probes_differ(
    platform: Platform, postgres: Postgres
) -> None:
    postgres.stop()
    try:
        with program(ORCHESTRATOR, platform.variables, token=TOKEN) as running:
            wait_until(lambda: answers(running, "/healthz"))
            answer = running.get("/readyz")
            assert answer.status_code == 503
            assert "PostgreSQL" in answer.text
            assert running.get(f"/test-runs/{uuid4()}").status_code == 503
            postgres.start()
            wait_until(running.ready)
            postgres.stop()
            wait_until(lambda: not running.ready())
            assert running.get("/healthz").status_code == 200
            postgres.start()
            wait_until(running.ready)
    finally:
        postgres.run("pg_ctl", "--pgdata", f"{postgres.folder}/data", "-w", "restart")


def answers(running: Program, path: str) -> bool:
    try:
        return running.get(path).status_code == 200
    except httpx.TransportError:
        return False


def test_it_is_not_ready_without_the_queue_but_still_records_runs(
    orchestrator: Program, platform: Platform
) -> None:
    platform.redis.command("ACL", "SETUSER", "eval-app", "off")
    platform.redis.command("CLIENT", "KILL", "USER", "eval-app")
    try:
        wait_until(lambda: not orchestrator.ready())
        assert orchestrator.get("/healthz").status_code == 200
        assert orchestrator.post("/test-runs", run_of("a")).status_code == 202
        assert "first" not in orchestrator.get("/readyz").text
    finally:
        platform.redis.command("ACL", "SETUSER", "eval-app", "on")
    wait_until(lambda: len(queued(platform)) == 1)


def test_rotated_passwords_are_read_again_for_each_new_connection(
    orchestrator: Program, platform: Platform
) -> None:
    first = platform.redis.password
    platform.redis.set_password("second")
    (platform.files / "REDIS_URL_FILE").write_text(platform.redis.url)
    with platform.database() as connection:
        connection.execute("ALTER ROLE eval_app PASSWORD 'second'")
    file = platform.files / "POSTGRES_URL_FILE"
    file.write_text(platform.database_url.replace(":first@", ":second@"))
    try:
        platform.redis.command("CLIENT", "KILL", "USER", "eval-app")
        with platform_connection(file.read_text()) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND datname = current_database()"
            )
        wait_until(orchestrator.ready)
        assert orchestrator.post("/test-runs", run_of("a")).status_code == 202
        wait_until(lambda: len(queued(platform)) == 1)
    finally:
        platform.redis.set_password(first)
        with platform_connection(file.read_text()) as connection:
            connection.execute("ALTER ROLE eval_app PASSWORD 'first'")


def platform_connection(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True)


def test_at_sigterm_it_finishes_a_request_and_ends_with_success(
    orchestrator: Program, platform: Platform
) -> None:
    body = json.dumps(run_of("a")).encode()
    connection = HTTPConnection("127.0.0.1", int(orchestrator.variables["PORT"]))
    connection.putrequest("POST", "/test-runs")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(len(body)))
    connection.putheader("Authorization", f"Bearer {TOKEN}")
    connection.endheaders(body[:10])
    time.sleep(0.5)
    orchestrator.process.send_signal(signal.SIGTERM)
    time.sleep(1)
    assert orchestrator.process.poll() is None
    connection.send(body[10:])
    assert connection.getresponse().status == 202
    assert orchestrator.process.wait(timeout=30) == 0
    assert len(jobs(platform)) == 1


def test_it_keeps_an_idle_connection_open_for_the_rendered_time(platform: Platform) -> None:
    with program(
        ORCHESTRATOR, platform.variables | {"KEEP_ALIVE_SECONDS": "3"}, token=TOKEN
    ) as running:
        wait_until(running.ready)
        with socket.create_connection(("127.0.0.1", int(running.variables["PORT"]))) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200 OK" in client.recv(4096)
            started = time.monotonic()
            client.settimeout(10)
            while client.recv(4096):
                pass
        assert 2.5 < time.monotonic() - started < 6


def test_a_missing_variable_is_named_without_a_traceback(
    platform: Platform, capfd: pytest.CaptureFixture[str]
) -> None:
    variables = {k: v for k, v in platform.variables.items() if k != "KEEP_ALIVE_SECONDS"}
    with program(ORCHESTRATOR, variables) as running:
        assert running.process.wait(timeout=20) == 1
    assert capfd.readouterr().err.strip() == "KEEP_ALIVE_SECONDS: Field required"
