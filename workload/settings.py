"""The variables that the manifests render, one class for each program; each variable is read here only.

A secret is a file. Who opens a connection reads it again, because a rotation changes the file of a
running pod. A missing or wrong variable ends the program with the variable's name.
"""

import logging
import sys
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import PositiveFloat, PositiveInt, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What both programs read."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    environment: str
    aws_region: str
    postgres_url_file: Path
    redis_url_file: Path
    redis_queue_key: str
    clickhouse_url_file: Path
    clickhouse_ca_file: Path
    reports_bucket: str  # the worker writes `<run id>/<case id>.json`, the API returns it
    listen_address: str  # every address in a pod, loopback in tests
    metrics_port: int

    @property
    def queue_prefix(self) -> str:
        """What every key and channel begins with: `eval:` for the key `eval:jobs`, `eval:7:` for `eval:7:jobs`."""
        return self.redis_queue_key.rpartition(":")[0] + ":"

    @property
    def queue_name(self) -> str:
        """The list of waiting jobs, below the prefix."""
        return self.redis_queue_key.rpartition(":")[2]


class OrchestratorSettings(Settings):
    """What the orchestrator reads."""

    port: int
    keep_alive_seconds: PositiveInt
    datasets_bucket: str
    api_token_file: Path


class WorkerSettings(Settings):
    """What the worker reads."""

    job_concurrency: PositiveInt
    job_max_seconds: PositiveFloat
    job_visibility_timeout_seconds: PositiveFloat
    drain_seconds: PositiveFloat
    llm_concurrency: PositiveInt
    llm_requests_per_minute: PositiveFloat
    llm_tokens_per_minute: PositiveFloat
    llm_timeout_seconds: PositiveFloat
    llm_max_attempts: PositiveInt
    llm_initial_backoff_seconds: PositiveFloat
    llm_max_backoff_seconds: PositiveFloat
    llm_backoff_multiplier: PositiveFloat
    llm_backoff_jitter: Literal["full"]
    llm_respect_retry_after: bool
    llm_retry_status_codes: str
    openai_api_key: str | None = None
    anthropic_api_key: str | None = None


Own = TypeVar("Own", bound=Settings)


def started(kind: type[Own]) -> Own:
    """Starts the log, and reads the variables. A missing or wrong one ends the program."""
    log_format = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(format=log_format, level=logging.INFO)
    try:
        return kind()
    except ValidationError as error:
        sys.exit("\n".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()))


class EmptySecretError(OSError):
    """The file of a secret is empty."""


def read_secret(file: Path) -> str:
    """The file's content now, without the newline at its end. Raises OSError if there is none."""
    if not (secret := file.read_text().rstrip("\n")):
        raise EmptySecretError(f"{file} is empty")
    return secret
