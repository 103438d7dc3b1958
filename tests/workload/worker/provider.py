"""An LLM provider on loopback: it answers as each test sets it, and keeps each request."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Valid for every prompt of DeepEval's two metrics: each reads the fields of its schema.
JUDGEMENT = json.dumps(
    {
        "truths": ["It is blue."],
        "claims": ["It is blue."],
        "statements": ["It is blue."],
        "verdicts": [{"verdict": "yes", "reason": "It is."}],
        "reason": "All of it is in the context.",
    }
)


@dataclass
class Reply:
    """One answer; a body of None is a valid answer."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    text: str = JUDGEMENT
    seconds: float = 0


@dataclass
class Provider:
    """Takes a reply of `replies` for each request, and `default` when there is none left."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    default: Reply = field(default_factory=Reply)
    requests: list[tuple[float, int]] = field(default_factory=list)  # time, tokens
    at_a_time: int = 0
    most_at_a_time: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, path: str, prompt: dict[str, object]) -> tuple[Reply, bytes]:
        tokens = len(json.dumps(prompt)) // 4
        with self._lock:
            self.requests.append((time.monotonic(), tokens + 10))
            self.at_a_time += 1
            self.most_at_a_time = max(self.most_at_a_time, self.at_a_time)
            reply = self.replies.pop(0) if self.replies else self.default
        time.sleep(reply.seconds)
        if reply.body is not None:
            return reply, reply.body
        if path.endswith("/messages"):
            answer: dict[str, object] = {
                "id": "m",
                "type": "message",
                "role": "assistant",
                "model": prompt["model"],
                "content": [{"type": "text", "text": reply.text}],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": tokens, "output_tokens": 10},
            }
        else:
            message = {"role": "assistant", "content": reply.text}
            answer = {
                "id": "c",
                "object": "chat.completion",
                "created": 1,
                "model": prompt["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {
                    "prompt_tokens": tokens,
                    "completion_tokens": 10,
                    "total_tokens": tokens + 10,
                },
            }
        return reply, json.dumps(answer).encode()

    def end(self) -> None:
        with self._lock:
            self.at_a_time -= 1


@contextmanager
def provider() -> Iterator[Provider]:
    state = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            prompt = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply, body = state.begin(self.path, prompt)
            state.end()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # the worker was killed, or waits no longer
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests print what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
