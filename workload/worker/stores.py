"""PostgreSQL, ClickHouse and S3, as jobs use them: one that is down is tried again until it answers."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import httpx
import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from tenacity import retry, retry_if_exception_type, wait_random_exponential

# Not the event loop's own threads: while a store is down, names of LLM providers must be resolved.
_THREADS = ThreadPoolExecutor(32, "stores")
_ERRORS = (OSError, httpx.HTTPError, psycopg.OperationalError, BotoCoreError, ClientError)

Result = TypeVar("Result")


@retry(retry=retry_if_exception_type(_ERRORS), wait=wait_random_exponential(multiplier=0.5, max=10))
async def use(function: Callable[[], Result]) -> Result:
    """Runs it in a thread until it succeeds, or until this task is cancelled."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, function)
