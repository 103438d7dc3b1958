"""Runs a program to its end, ends one with everything that it started, and finds it a port."""

import asyncio
import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

_GRACE_SECONDS = 10


async def run(*command: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Its exit code, and everything it said."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = await process.communicate()
    finally:
        await end(process)
    assert process.returncode is not None
    return process.returncode, said.decode()


async def end(process: asyncio.subprocess.Process) -> None:
    """Ask the process group to stop, and make it after a grace period. The process leads its group."""
    if process.returncode is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
