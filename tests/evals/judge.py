"""A stand-in judge that follows fixed rules, behind the part of OpenAI's API that DeepEval uses.

A claim is faithful when its sentence is in the context, and a statement is off the question when it
begins with "By the way". Tokens are characters / 4, the usual estimate. The agent under test answers on
the same port, at /agent.
"""

import ast
import json
import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

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

    def respond(self, schema: str, prompt: str) -> object:
        """The answer to a prompt, in the requested schema."""
        match schema:
            case "Truths":
                return {"truths": _sentences(_after(prompt, "\nText:\n"))}
            case "Claims":
                return {"claims": _sentences(_after(prompt, "\nAI Output:\n"))}
            case "Statements":
                return {"statements": _sentences(_after(prompt, "\nText:\n"))}
            case "Verdicts" if "\nRetrieval Contexts:\n" in prompt:
                context = _after(prompt, "\nRetrieval Contexts:\n").split("\n\nClaims:\n")[0]
                return {
                    "verdicts": [_supported(claim, context) for claim in _items(prompt, "Claims")]
                }
            case "Verdicts":
                return {"verdicts": [_relevant(text) for text in _items(prompt, "Statements")]}
            case _:
                return {"reason": "Judged by the rules of a test."}


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
        content = json.dumps(judge.respond(schema, prompt))
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


def _after(prompt: str, heading: str) -> str:
    """The text between the last such heading and the word that ends every prompt."""
    return prompt[prompt.rindex(heading) + len(heading) :].split("\n\nJSON:")[0].strip()


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]


def _items(prompt: str, heading: str) -> list[str]:
    """The list below a heading of the prompt, in Python's or JSON's syntax."""
    listed = _after(prompt, f"\n{heading}:\n")
    items = ast.literal_eval(listed)
    assert isinstance(items, list)
    return [str(item) for item in items]


def _supported(claim: str, context: str) -> dict[str, str]:
    if _plain(claim) in _plain(context):
        return {"verdict": "yes"}
    return {"verdict": "no", "reason": f"The context does not mention: {claim}"}


def _relevant(statement: str) -> dict[str, str]:
    if not statement.startswith("By the way"):
        return {"verdict": "yes"}
    return {"verdict": "no", "reason": f"Not part of the question: {statement}"}


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()
