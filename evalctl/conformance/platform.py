"""The platform on loopback: every store and provider, and programs with what their rendered pods carry."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from environments.names import (
    POSTGRES_APP_USER,
    PROVIDER_KEYS,
    App,
    Names,
    Secret,
)
from evalctl.conformance import program
from evalctl.conformance.mounted import SecretFiles, Values, write_image_file
from evalctl.conformance.pod import Pod, read
from evalctl.conformance.program import Program
from evalctl.conformance.scale import Scale
from evalctl.local_servers.certificates import Authority
from evalctl.local_servers.clickhouse import Clickhouse, clickhouse
from evalctl.local_servers.postgres import MASTER, Postgres, postgres
from evalctl.local_servers.provider import Provider, provider
from evalctl.local_servers.redis import Redis, redis
from evalctl.local_servers.s3 import S3, s3
from evalctl.processes import output
from evalctl.servers import free_port

RDS_AUTHORITIES = "/etc/ssl/certs/rds-global-bundle.pem"  # the image has it (docs/images.md)
# The image's own variables, which a program on this machine takes from this shell.
_FROM_THE_SHELL = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "PYTHONPATH", "TMPDIR")
_LISTEN = "LISTEN_ADDRESS"


@dataclass
class Platform:
    """The servers, the files that pods mount, and the two pods."""

    names: Names
    rendered: Path  # of the environment
    scale: Scale
    folder: Path
    redis: Redis
    postgres: Postgres
    clickhouse: Clickhouse
    s3: S3
    provider: Provider
    files: SecretFiles
    authority: Authority
    worker: Pod
    orchestrator: Pod
    number_of_programs: int = 0
    number_of_rotations: int = 0

    @contextmanager
    def running(
        self, pod: Pod, command: tuple[str, ...], *, changed: Mapping[str, str] | None = None
    ) -> Iterator[Program]:
        """A program as the container of a pod, started and perhaps not ready yet."""
        self.number_of_programs += 1
        name = f"{pod.app}-{self.number_of_programs}"
        ports = {port: free_port() for port in pod.ports.values()}
        with program.started(
            command,
            name=name,
            pod=pod,
            ports=ports,
            environment=self.environment(pod, name=name, ports=ports) | dict(changed or {}),
            folder=self.folder,
        ) as started:
            yield started

    def environment(self, pod: Pod, *, name: str, ports: Mapping[int, int]) -> dict[str, str]:
        """The pod's variables, with what has to be replaced on this machine."""
        carried = self.scale.variables(pod.variables) | {
            variable: self.files.keys(secret)[key]
            for variable, (secret, key) in pod.secret_variables.items()
        }
        replaced = {
            variable: str(ports[int(value)]) if is_port(variable) else self.files.local(value)
            for variable, value in carried.items()
        }
        if _LISTEN in replaced:
            replaced[_LISTEN] = "127.0.0.1"
        return {
            **{
                variable: os.environ[variable]
                for variable in _FROM_THE_SHELL
                if variable in os.environ
            },
            "HOME": str(self.folder),
            **replaced,
            **self.s3.environment,
            "SSL_CERT_FILE": str(self.authority.pair.certificate),
            "OPENAI_BASE_URL": self.provider.openai_url(name),
            "ANTHROPIC_BASE_URL": self.provider.anthropic_url(name),
        }

    def worker_secret(self, variable: str) -> str:
        """The value of a worker's variable that comes from a Secret."""
        secret, key = self.worker.secret_variables[variable]
        return self.files.keys(secret)[key]

    def rotated(self, secret: Secret, password: str) -> None:
        """Write a new password where External Secrets would read it, and into the mounted files."""
        self.files.values[self.names.secret(secret)]["password"] = password
        self.write_files()

    def replace_api_token(self, token: str) -> None:
        """Write another token where External Secrets would read it, and into the mounted files."""
        folder = str(PurePosixPath(self.orchestrator.variables["API_TOKEN_FILE"]).parent)
        (secret,) = (mount.name for mount in self.orchestrator.mounts if mount.path == folder)
        self.files.replace(secret, token)
        self.write_files()

    def make_database_users(self) -> None:
        """Run the rendered job that makes the application's role, with this machine's psql."""
        job = read(self.rendered, App.DATABASE_USERS, kind="Job")
        self.files.write(job)
        variables = {name: self.files.local(value) for name, value in job.variables.items()}
        output(
            tuple(self.files.local(word) for word in job.arguments),
            environment={"PATH": os.environ["PATH"]} | variables,
        )

    def empty_database(self) -> None:
        """Drop the application's schema, and make it again."""
        self.postgres.query(f"DROP SCHEMA {self.postgres.database} CASCADE")
        self.make_database_users()

    def write_files(self) -> None:
        """Write the files of both pods, as the kubelet does after a change."""
        for pod in (self.worker, self.orchestrator):
            self.files.write(pod)


def is_port(variable: str) -> bool:
    """Whether a variable holds a port of the pod."""
    return variable == "PORT" or variable.endswith("_PORT")


def replacements(scale: Scale, root: Path) -> list[str]:
    """What a program gets that differs from its pod; one line each."""
    lines = [
        "PORT and METRICS_PORT are free ports, and LISTEN_ADDRESS is 127.0.0.1",
        f"/etc/eval-platform and {RDS_AUTHORITIES} are below {root}",
        "the URLs of the stores name 127.0.0.1 and the servers' ports",
        "OPENAI_BASE_URL, ANTHROPIC_BASE_URL and AWS_ENDPOINT_URL name stand-ins; AWS credentials are fake",
        "SSL_CERT_FILE names the authority of the queue's certificate, which in AWS is a public one",
        "HOME is a new folder; PATH and the like come from this shell",
    ]
    if scale.factor != 1:
        lines.append(
            f"times (*_SECONDS) are divided by {scale.factor} and rates (LLM_*_PER_MINUTE) multiplied "
            f"by {scale.factor}; --no-fast leaves them"
        )
    return lines


@contextmanager
def platform(names: Names, rendered: Path, folder: Path, *, scale: Scale) -> Iterator[Platform]:
    """All servers with the rendered users and tables, until the block ends.

    Raises:
        NoPostgresError, NotStartedError: a server is not installed, or did not start.
        UnreadableManifestsError: rendered/<environment> is incomplete.
    """
    worker, orchestrator = read(rendered, App.WORKER), read(rendered, App.ORCHESTRATOR)
    folder.chmod(0o755)  # PostgreSQL's user reads its own folder below
    with ExitStack() as stack:
        authority = Authority(_new(folder / "authority"))
        queue = stack.enter_context(redis(folder / "redis", authority))
        database = stack.enter_context(postgres(folder / "postgres"))
        tables = stack.enter_context(clickhouse(folder / "clickhouse"))
        buckets = {
            value
            for pod in (worker, orchestrator)
            for name, value in pod.variables.items()
            if name.endswith("_BUCKET")
        }
        region = worker.variables["AWS_REGION"]
        store = stack.enter_context(
            s3(folder / "s3", region=region, buckets=tuple(sorted(buckets)))
        )
        stand_in = stack.enter_context(provider())
        root = _new(folder / "root")
        write_image_file(root, RDS_AUTHORITIES, database.ca_file)
        started = Platform(
            names=names,
            rendered=rendered,
            scale=scale,
            folder=folder,
            redis=queue,
            postgres=database,
            clickhouse=tables,
            s3=store,
            provider=stand_in,
            files=SecretFiles(rendered, root, _values(names, queue, database, tables)),
            authority=authority,
            worker=worker,
            orchestrator=orchestrator,
        )
        started.make_database_users()
        started.write_files()
        yield started


def _values(names: Names, queue: Redis, database: Postgres, tables: Clickhouse) -> Values:
    """The entries of Secrets Manager that must agree with the servers."""
    return {
        names.secret(secret): fields
        for secret, fields in {
            Secret.POSTGRES: {
                "host": database.host,
                "port": str(database.port),
                "database": database.database,
                "username": POSTGRES_APP_USER,
            },
            Secret.POSTGRES_ADMIN: {"username": MASTER, "password": database.master_password},
            Secret.REDIS: {"host": queue.host, "port": str(queue.port)},
            Secret.REDIS_USER: {"username": queue.user, "password": queue.password},
            Secret.CLICKHOUSE: {
                "host": tables.host,
                "https_port": str(tables.port),
                "database": tables.database,
                "username": tables.user,
                "password": tables.password,
            },
            Secret.CLICKHOUSE_CA: {"": tables.ca_file.read_text()},
            Secret.LLM_KEYS: {key: f"key-{key.lower()}" for key in PROVIDER_KEYS},
        }.items()
    }


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
