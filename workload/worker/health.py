"""What the kubelet and Prometheus read: /healthz, /readyz and /metrics, from a thread of their own."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

_STALE_SECONDS = 30


class Health:
    """The state of the main loop. It beats every second while it is connected to the queue.

    While it is not, it tries to connect again, and each attempt has a limit of time. A queue that is down is
    no reason to restart a worker.
    """

    def __init__(self) -> None:
        self._beat: float | None = None
        self.draining = False

    def beat(self) -> None:
        self._beat = time.monotonic()

    def disconnected(self) -> None:
        self._beat = None

    @property
    def alive(self) -> bool:
        beat = self._beat
        return beat is None or time.monotonic() - beat < _STALE_SECONDS

    @property
    def ready(self) -> bool:
        """It takes jobs."""
        return self._beat is not None and self.alive and not self.draining


def serve(health: Health, *, address: str, port: int) -> None:
    """Answers until the process ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
            elif self.path in ("/healthz", "/readyz"):
                good = health.alive if self.path == "/healthz" else health.ready
                self._answer(200 if good else 503, b"yes\n" if good else b"no\n", "text/plain")
            else:
                self._answer(404, b"", "text/plain")

        def _answer(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A line for each probe would hide the others."""

    server = ThreadingHTTPServer((address, port), Handler)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
