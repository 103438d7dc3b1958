"""What the kubelet and Prometheus read: /healthz, /readyz and /metrics, from a thread of their own."""

import threading
import time

import uvicorn
from fastapi import FastAPI, Response
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
    app = FastAPI(openapi_url=None)

    @app.get("/healthz")
    async def alive() -> Response:
        return Response(status_code=200 if health.alive else 503)

    @app.get("/readyz")
    async def ready() -> Response:
        return Response(status_code=200 if health.ready else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    config = uvicorn.Config(app, host=address, port=port, log_config=None, access_log=False)
    threading.Thread(target=uvicorn.Server(config).run, name="health", daemon=True).start()
