"""What the jobs of a worker share: the stores, and that a store which is down is tried again."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import botocore.exceptions
import httpx
import psycopg
import psycopg_pool
from tenacity import Retrying, retry_if_exception_type, stop_when_event_set, wait_random_exponential
from tenacity.nap import sleep_using_event

_ERRORS = (
    OSError,
    httpx.HTTPError,
    psycopg.OperationalError,
    psycopg_pool.PoolTimeout,
    botocore.exceptions.BotoCoreError,
    botocore.exceptions.ClientError,
)
_LONGEST_PAUSE_SECONDS = 10
_THREADS = 32

Result = TypeVar("Result")


class Stores:
    """Runs what uses a store until it succeeds, or until the worker gives its jobs back."""

    def __init__(self) -> None:
        self.given_up = threading.Event()
        # Not the event loop's own threads: while a store is down, names of LLM providers must be resolved.
        self._threads = ThreadPoolExecutor(_THREADS, "stores")

    def use(self, function: Callable[[], Result]) -> Result:
        """Raises the store's error when the worker gives its jobs back."""
        retrying = Retrying(
            retry=retry_if_exception_type(_ERRORS),
            wait=wait_random_exponential(multiplier=0.5, max=_LONGEST_PAUSE_SECONDS),
            stop=stop_when_event_set(self.given_up),
            sleep=sleep_using_event(self.given_up),
            reraise=True,
        )
        return retrying(function)

    async def use_in_thread(self, function: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.use, function)
