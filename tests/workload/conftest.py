"""Servers that all tests share, and for each test a database, an empty queue, buckets and files of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import certifi
import psycopg
import pytest
from moto.server import ThreadedMotoServer

from tests.workload import servers
from tests.workload.servers import Postgres, Redis, free_port

PASSWORD = "first"
TOKEN = "a-token"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    with server.running():
        yield server


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """The address of an emulated AWS."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass(frozen=True)
class Platform:
    """What the pods of one environment find."""

    variables: dict[str, str]
    database_url: str
    redis: Redis
    files: Path

    def database(self) -> psycopg.Connection:
        return psycopg.connect(self.database_url, autocommit=True)

    def write_files(self) -> None:
        """The mounted files, as they are before a rotation."""
        for variable, content in {
            "POSTGRES_URL_FILE": self.database_url,
            "REDIS_URL_FILE": self.redis.url,
            "CLICKHOUSE_URL_FILE": f"https://eval_app:{PASSWORD}@127.0.0.1:1/eval_platform",
            "CLICKHOUSE_CA_FILE": certifi.contents(),
            "API_TOKEN_FILE": TOKEN,
        }.items():
            (self.files / variable).write_text(content)

    def without_rows(self) -> None:
        """No run and no job, in the database and in the queue."""
        with self.database() as connection:
            connection.execute("TRUNCATE test_runs, jobs")
        self.redis.command("FLUSHALL")


@pytest.fixture(scope="module")
def platform(
    postgres: Postgres,
    redis_server: Redis,
    aws: str,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Platform]:
    """For each module of tests: a database, an empty queue and files of its own."""
    name = request.module.__name__.rpartition(".")[2]
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    redis_server.command("FLUSHALL")
    variables = {
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "eu-north-1",
        "ENVIRONMENT": "test",
        "REDIS_QUEUE_KEY": "eval:jobs",
        "DATASETS_BUCKET": "datasets",
        "REPORTS_BUCKET": "reports",
        "LISTEN_ADDRESS": "127.0.0.1",
        "KEEP_ALIVE_SECONDS": "75",
    }
    files = tmp_path_factory.mktemp("files")
    for variable in ("POSTGRES_URL", "REDIS_URL", "CLICKHOUSE_URL", "CLICKHOUSE_CA", "API_TOKEN"):
        variables[f"{variable}_FILE"] = str(files / f"{variable}_FILE")
    platform = Platform(variables, postgres.url_of(name), redis_server, files)
    platform.write_files()
    with pytest.MonkeyPatch.context() as monkeypatch:
        for variable, value in variables.items():
            if variable.startswith("AWS_"):
                monkeypatch.setenv(variable, value)
        for bucket in ("datasets", "reports"):
            boto3.client("s3", "us-east-1").create_bucket(Bucket=bucket)
        yield platform
