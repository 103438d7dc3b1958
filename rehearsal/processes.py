"""Ends a program and everything it started."""

import asyncio
import os
import signal

_GRACE_SECONDS = 10


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
