"""Runs a program to its end, and ends one with everything that it started."""

import asyncio
import os
import signal
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
