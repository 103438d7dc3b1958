"""A stand-in judge that follows fixed rules, behind the part of OpenAI's API that DeepEval uses.

Tokens are characters / 4, the usual estimate. The agent under test answers on
the same port, at /agent.
"""

import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

from evalctl.local_servers import judge_rules
from evalctl.servers import http_server


class Refusal:
    """An HTTP error in the form of OpenAI's."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: str = "") -> None:
        self.status = status
        self.body = {"error": {"message": message, "type": code, "code": code, "param": None}}
        self.headers = {"Retry-After": retry_after} if retry_after else {}


BAD_KEY = Refusal(401, "invalid_api_key", "Incorrect API key provided: sk-proj-****9abc.")
SLOW_DOWN = Refusal(429, "rate_limit_exceeded", "Rate limit reached for requests.", retry_after="1")
BROKEN = Refusal(500, "server_error", "The server had an error.")


class Judge:
    """The rules of the server, and the requests that it received."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.refuse: Callable[[int, str], Refusal | None] = lambda *_: None  # by number and schema
        self.refuse_model: Refusal | None = None  # of the request before a run
        self.before: Callable[[int], None] = lambda _: None  # by number, from 1
        self.answers: dict[str, str] = {}  # question → the agent's answer
        self.calls: list[str] = []  # requested schema, one for each request
        self.refused_at: list[float] = []
        self.retried_at: list[float] = []  # requests that the client marks as a retry
        self.lock = threading.Lock()


@contextmanager
def judge() -> Generator[Judge]:
    """A running judge, on a free port."""

    class Handler(_Handler): ...

    with http_server(Handler) as address:
        Handler.judge = Judge(f"http://{address}")
        yield Handler.judge


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    judge: ClassVar[Judge]

    def handle(self) -> None:
        with suppress(Exception):  # clients are killed in the middle of a request
            super().handle()

    def do_GET(self) -> None:
        refusal = self.judge.refuse_model
        self._send(refusal.status if refusal else 200, refusal.body if refusal else {})

    def do_POST(self) -> None:
        judge = self.judge
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/agent":
            answer = judge.answers.get(request["question"])
            self._send(200 if answer else 500, {"answer": answer})
            return
        schema = request["response_format"]["json_schema"]["name"]
        with judge.lock:
            judge.calls.append(schema)
            number = len(judge.calls)
            if int(self.headers.get("x-stainless-retry-count", 0)):
                judge.retried_at.append(time.monotonic())
        judge.before(number)
        if refusal := judge.refuse(number, schema):
            judge.refused_at.append(time.monotonic())
            self._send(refusal.status, refusal.body, refusal.headers)
            return
        prompt = _text(request["messages"][0]["content"])
        content = json.dumps(judge_rules.respond(schema, prompt))
        usage = {"prompt_tokens": len(prompt) // 4, "completion_tokens": len(content) // 4}
        message = {"role": "assistant", "content": content, "refusal": None}
        self._send(
            200,
            {
                "id": f"chatcmpl-{number}",
                "object": "chat.completion",
                "created": 0,
                "model": request["model"],
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {**usage, "total_tokens": sum(usage.values())},
            },
        )

    def _send(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""


def _text(content: str | list[dict[str, str]]) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
