"""The agent under test gets requests over HTTP, and only at an address on the internet."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from typing import ClassVar

import pytest
from pydantic import AnyHttpUrl

from workload.requests import Case
from workload.worker import agent
from workload.worker.agent import AgentError, is_public

CASE = Case(id="one", topic="t", question="Which colour?", context=("Blue.",))


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "127.0.0.1",
        "172.20.0.1",
        "192.168.1.1",
        "169.254.169.254",  # the instance metadata service
        "169.254.170.23",  # the credentials of EKS Pod Identity
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::7f00:1",
        "fec0::1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "2002:7f00:1::",
    ],
)
def test_an_address_that_is_not_on_the_internet_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_an_address_on_the_internet_is_allowed(address: str) -> None:
    assert is_public(ip_address(address))


class _Handler(BaseHTTPRequestHandler):
    reply: tuple[int, bytes] = (200, b'{"answer": "Blue."}')
    received: ClassVar[dict[str, object]] = {}

    def do_POST(self) -> None:
        type(self).received = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, body = self.reply
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://169.254.169.254/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Tests print what matters."""


@pytest.fixture
def url() -> Iterator[str]:
    _Handler.received, _Handler.reply = {}, (200, b'{"answer": "Blue."}')
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def _answer(url: str, *, everywhere: bool = True) -> str:
    with pytest.MonkeyPatch.context() as monkeypatch:
        if everywhere:
            monkeypatch.setattr(agent, "is_public", lambda _: True)
        return asyncio.run(agent.answer(CASE, AnyHttpUrl(url)))


def test_the_agent_gets_question_and_context_and_its_answer_is_used(url: str) -> None:
    assert _answer(url) == "Blue."
    assert _Handler.received == {"question": "Which colour?", "context": ["Blue."]}


def test_a_recorded_answer_needs_no_agent() -> None:
    recorded = CASE.model_copy(update={"answer": "Recorded."})
    assert asyncio.run(agent.answer(recorded, None)) == "Recorded."


def test_a_name_is_refused_by_the_address_that_it_has_when_it_is_connected_to(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(url.rsplit(":", 1)[1].strip("/"))
    resolved = iter(["93.184.216.34", "127.0.0.1"])  # as a rebinding DNS server answers

    def rebinding(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(resolved), port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert socket.getaddrinfo("agent.example.com", port)[0][4] == ("93.184.216.34", port)
    with pytest.raises(
        AgentError, match=r"agent\.example\.com.*127\.0\.0\.1 is not an address on the internet"
    ):
        _answer(f"http://agent.example.com:{port}/", everywhere=False)
    assert _Handler.received == {}


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ((302, b""), "status 302"),
        ((500, b""), "status 500"),
        ((200, b"not JSON"), "did not answer"),
        ((200, b'{"answer": " "}'), "has no `answer`"),
        ((200, b'{"answer": "\\u0000"}'), "holds the character U\\+0000"),
        ((200, b"x" * 1_000_001), "larger than 1000000 bytes"),
    ],
)
def test_what_is_no_answer_fails_the_case(url: str, reply: tuple[int, bytes], message: str) -> None:
    _Handler.reply = reply
    with pytest.raises(AgentError, match=message):
        _answer(url)


def test_an_agent_that_is_down_fails_the_case() -> None:
    with pytest.raises(AgentError, match="did not answer"):
        _answer("http://127.0.0.1:1/")
