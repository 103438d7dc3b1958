"""The queue on loopback: TLS, the rendered users, rotations and failovers."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalctl.local_servers.certificates import Authority
from evalctl.local_servers.redis import Redis, redis
from tests.support import tools

KEY = "eval:jobs"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    for program in ("redis-server", "redis-cli"):
        tools.program(program, get_it="apt-get install redis-server redis-tools")
    return Authority(tmp_path)


@pytest.fixture
def server(tmp_path: Path, authority: Authority) -> Iterator[Redis]:
    with redis(tmp_path / "one", authority) as started:
        yield started


def answer(server: Redis, authority: Authority, *words: str, tls: bool = True) -> str:
    """What a client of the application gets over the network."""
    encrypted = ("--tls", "--cacert", str(authority.pair.certificate)) if tls else ()
    login = ("--user", server.user, "--pass", server.password, "--no-auth-warning")
    command = ("redis-cli", "-h", server.host, "-p", str(server.port), *encrypted, *login, *words)
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    return (done.stdout + done.stderr).strip()


def test_the_application_can_do_what_the_rendered_rules_allow(
    server: Redis, authority: Authority
) -> None:
    assert answer(server, authority, "LPUSH", KEY, "job") == "1"
    assert "NOPERM" in answer(server, authority, "GET", "other:key")
    assert "NOPERM" in answer(server, authority, "FLUSHDB")


def test_a_client_without_tls_gets_no_answer(server: Redis, authority: Authority) -> None:
    assert "PONG" not in answer(server, authority, "PING", tls=False)
    assert answer(server, authority, "PING") == "PONG"


def test_a_rotated_password_is_refused(server: Redis, authority: Authority) -> None:
    old = server.password
    server.rotate("another")
    assert answer(server, authority, "PING") == "PONG"
    server.password = old
    assert "WRONGPASS" in answer(server, authority, "PING")


def test_a_server_that_cannot_be_reached_keeps_its_jobs(
    server: Redis, authority: Authority
) -> None:
    answer(server, authority, "LPUSH", KEY, "job")
    with server.unreachable():
        assert "refused" in answer(server, authority, "LLEN", KEY)
    assert answer(server, authority, "LLEN", KEY) == "1"


def test_a_push_after_replication_was_cut_is_lost_in_a_failover(
    tmp_path: Path, server: Redis, authority: Authority
) -> None:
    port = server.port
    with redis(tmp_path / "two", authority, copy_of=server) as replica:
        server.replicate_to(replica)
        answer(server, authority, "LPUSH", KEY, "kept")
        assert server.command("WAIT", "1", "5000") == "1"
        replica.command("REPLICAOF", "NO", "ONE")
        assert answer(server, authority, "LPUSH", KEY, "lost") == "2"

        server.fail_over_to(replica)

        assert replica.port == port
        assert answer(replica, authority, "LRANGE", KEY, "0", "-1") == "kept"
