"""A stand-in for OpenAI and Anthropic: answers by fixed rules, or as a test requires, and keeps each call."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from evalctl.local_servers.provider_protocols import Answer, Json, Request, content, prompt
from evalctl.servers import http_server


@dataclass
class Call:
    """A call; times are of the monotonic clock."""

    request: Request
    began: float
    ended: float = math.inf  # just before its answer is sent: a caller that has the answer sees it
    status: int = 0
    tokens: int = 0  # billed for prompt and answer; none for a refusal


Behaviour = Callable[[Request], Answer]


def works(_: Request) -> Answer:
    """Every call succeeds at once."""
    return Answer()


@dataclass
class Provider:
    """The stand-in's address, how it behaves now, and its calls so far."""

    url: str
    behaviour: Behaviour = works
    model: Answer = field(default_factory=Answer)  # to a request about a model
    calls: list[Call] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def openai_url(self, caller: str) -> str:
        """OPENAI_BASE_URL of one caller."""
        return f"{self.url}/{caller}/v1"

    def anthropic_url(self, caller: str) -> str:
        """ANTHROPIC_BASE_URL of one caller."""
        return f"{self.url}/{caller}"

    def made(self, caller: str | None = None, *, since: float = 0.0) -> list[Call]:
        """The calls in the order in which they began; of one caller, if one is named."""
        with self.lock:
            found = [
                call
                for call in self.calls
                if call.began >= since and caller in (None, call.request.caller)
            ]
        return sorted(found, key=lambda call: call.began)

    @contextmanager
    def behaving(self, behaviour: Behaviour) -> Iterator[None]:
        """Answer in another way for the length of a block."""
        before, self.behaviour = self.behaviour, behaviour
        try:
            yield
        finally:
            self.behaviour = before


@contextmanager
def provider() -> Iterator[Provider]:
    """A running stand-in, on a free port."""

    class Handler(_Handler): ...

    with http_server(Handler) as address:
        Handler.provider = Provider(f"http://{address}")
        yield Handler.provider


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: Provider

    def handle(self) -> None:
        with suppress(OSError, ValueError):  # clients are killed in the middle of a request
            super().handle()

    def do_GET(self) -> None:
        """A request about a model."""
        answer = self.provider.model
        self._send(answer, (answer.text or "{}").encode())

    def do_POST(self) -> None:
        began = time.monotonic()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = self._request(body)
        call = Call(request, began)
        with self.provider.lock:
            self.provider.calls.append(call)
        answer = self.provider.behaviour(request)
        if answer.after_seconds:
            time.sleep(answer.after_seconds)
        body_sent, tokens = content(request, self.path, answer)
        call.status, call.tokens, call.ended = answer.status, tokens, time.monotonic()
        self._send(answer, body_sent)

    def _request(self, body: Json) -> Request:
        is_anthropic = self.path.endswith("/messages")
        key = str(self.headers.get("x-api-key") or self.headers.get("Authorization", ""))
        return Request(
            caller=self.path.split("/")[1],
            provider="anthropic" if is_anthropic else "openai",
            key=key.removeprefix("Bearer "),
            body=body,
            prompt=prompt(body),
            is_retry=self.headers.get("x-stainless-retry-count", "0") != "0",
        )

    def _send(self, answer: Answer, content: bytes) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if answer.retry_after:
            self.send_header("Retry-After", answer.retry_after)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""
