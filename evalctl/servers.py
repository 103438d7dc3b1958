"""Runs a server on the loopback interface for as long as a block lasts."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from evalctl import interrupts
from evalctl.processes import GO_VARIABLES

_GRACE_SECONDS = 10


class NotStartedError(Exception):
    """A server ended, or was not ready in time; the message holds the end of its log."""


def free_port() -> int:
    """A port of the loopback interface on which no program listens at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Whether a program accepts connections on a port of the loopback interface."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def is_healthy(address: str) -> bool:
    """Whether an HTTP address responds with status 200."""
    try:
        with urllib.request.urlopen(address, timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running(
    *command: str,
    log: Path,
    ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
    start_seconds: int = 30,
    grace_seconds: int = _GRACE_SECONDS,
    user: int | None = None,
    end_signal: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server in the folder of its log, from when it is ready to the block's end.

    `user` is the number of the user that runs it; only root can name another than itself.

    Raises:
        NotStartedError: it ended, or was not ready in time.
    """
    with ExitStack() as stack:
        with interrupts.held(), log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=log.parent,
                env={**GO_VARIABLES, **(os.environ if environment is None else environment)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=user,
                start_new_session=True,  # Ctrl-C ends evalctl, which then ends this whole group
            )
            stack.callback(_end, process, end_signal, grace_seconds)
        _wait_until(ready, process, log, start_seconds)
        yield process


@asynccontextmanager
async def started_in_thread(
    server: AbstractContextManager[subprocess.Popen[bytes]],
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A server of `running` that starts and ends in a thread, so that other tasks go on.

    A task that is cancelled while the server starts waits for the start, and ends the server.
    """
    start = asyncio.ensure_future(asyncio.to_thread(server.__enter__))
    try:
        yield await asyncio.shield(start)
    finally:
        await asyncio.wait([start])
        if start.exception() is None:
            await asyncio.to_thread(server.__exit__, None, None, None)


@contextmanager
def http_server(
    handler: Callable[..., BaseHTTPRequestHandler], *, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve on a free port of loopback until the block ends; yields `<host>:<port>`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: int
) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            end_of_log = log.read_text(errors="replace")[-2_000:]
            raise NotStartedError(f"{log.stem} did not start:\n{end_of_log}")
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes], end_signal: signal.Signals, grace_seconds: int) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, end_signal)
    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
