"""The stand-in of the providers as a test's judge: it refuses calls as the test requires, and counts them.

The agent under test answers on a port of its own.
"""

import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

from evalctl.local_servers import judge_rules
from evalctl.local_servers.provider import Provider, provider
from evalctl.local_servers.provider_protocols import Answer, Request
from evalctl.servers import http_server


def refusal(status: int, code: str, message: str, *, retry_after: str = "") -> Answer:
    """An HTTP error in the form of OpenAI's."""
    error = {"message": message, "type": code, "code": code, "param": None}
    return Answer(status=status, retry_after=retry_after, text=json.dumps({"error": error}))


BAD_KEY = refusal(401, "invalid_api_key", "Incorrect API key provided: sk-proj-****9abc.")
SLOW_DOWN = refusal(429, "rate_limit_exceeded", "Rate limit reached for requests.", retry_after="1")
BROKEN = refusal(500, "server_error", "The server had an error.")


class Judge:
    """What the judge does with each request, and the requests that it received."""

    def __init__(self, server: Provider, agent_url: str) -> None:
        self.server, self.agent_url = server, agent_url
        self.refuse: Callable[[int, str], Answer | None] = lambda *_: None  # by number and schema
        self.before: Callable[[int], None] = lambda _: None  # by number, from 1
        self.answers: dict[str, str] = {}  # question → the agent's answer
        self.calls: list[str] = []  # requested schema, one for each request
        self.refused_at: list[float] = []
        self.retried_at: list[float] = []  # requests that the client marks as a retry
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        return self.server.openai_url("judge")

    def answer(self, request: Request) -> Answer:
        schema = judge_rules.schema(request.prompt)
        with self._lock:
            self.calls.append(schema)
            number = len(self.calls)
            if request.is_retry:
                self.retried_at.append(time.monotonic())
        self.before(number)
        refused = self.refuse(number, schema)
        if refused is not None:
            self.refused_at.append(time.monotonic())
        return refused or Answer()


@contextmanager
def judge() -> Generator[Judge]:
    """A running judge and agent, on free ports."""

    class Handler(_Agent): ...

    with provider() as server, http_server(Handler) as agent:
        Handler.judge = Judge(server, f"http://{agent}/agent")
        with server.behaving(Handler.judge.answer):
            yield Handler.judge


class _Agent(BaseHTTPRequestHandler):
    judge: ClassVar[Judge]

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.judge.answers.get(request["question"])
        self.send_response(200 if answer else 500)
        self.end_headers()
        self.wfile.write(json.dumps({"answer": answer}).encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""
