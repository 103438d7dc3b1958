"""The emulated AWS: a server on loopback, which ends with the rehearsal."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from environments.spec import Account
from evalctl.rehearsal.processes import end, free_port

_START_SECONDS = 60


class NotOnLoopbackError(Exception):
    """The address is not on this machine. Nothing was sent to it."""


@dataclass(frozen=True)
class EmulatedAws:
    """The address of the emulated AWS, and the account that it emulates."""

    url: str
    account: Account

    def __post_init__(self) -> None:
        require_loopback(self.url)

    @property
    def environment(self) -> dict[str, str]:
        """Variables for its clients: the address, and fake credentials instead of the user's."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_REGION": self.account.region,
            "AWS_DEFAULT_REGION": self.account.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    def session(self) -> boto3.Session:
        return boto3.Session("rehearsal", "rehearsal", region_name=self.account.region)

    def client(self, service: str, region: str | None = None) -> Any:
        return self.session().client(
            service,
            region_name=region or self.account.region,
            endpoint_url=self.url,
            config=Config(retries={"total_max_attempts": 2}, s3={"addressing_style": "path"}),
        )


def require_loopback(url: str) -> None:
    """Refuse an address that is not on this machine.

    Raises:
        NotOnLoopbackError: the message has the address.
    """
    host = urlsplit(url).hostname or ""
    if host not in ("127.0.0.1", "::1", "localhost"):
        raise NotOnLoopbackError(
            f"{url} is not on this machine (127.0.0.1); a rehearsal connects to nothing else."
        )


@asynccontextmanager
async def emulated_aws(account: Account, log: Path) -> AsyncIterator[EmulatedAws]:
    """A running emulator, which writes its output to `log`.

    Raises:
        RuntimeError: it did not start in time. The message has the end of its log.
    """
    port = free_port()
    aws = EmulatedAws(f"http://127.0.0.1:{port}", account)
    with log.open("wb") as output:
        server = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "evalctl.rehearsal.moto_extras.server",
                "-H",
                "127.0.0.1",
                "-p",
                str(port),
            ),
            stdout=output,
            stderr=output,
            env={
                "PATH": "/usr/bin:/bin",
                "MOTO_ACCOUNT_ID": account.id,
                "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
                "PYTHONPATH": ":".join(path for path in sys.path if path),
                **aws.environment,
            },
            start_new_session=True,  # Ctrl-C ends the rehearsal, which then ends the emulator
        )
    try:
        await _wait_until_ready(port, server, log)
        yield aws
    finally:
        await end(server)


async def _wait_until_ready(port: int, server: asyncio.subprocess.Process, log: Path) -> None:
    for _ in range(_START_SECONDS * 10):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if server.returncode is not None:
                break
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise RuntimeError(f"The emulated AWS did not start:\n{log.read_text()[-2000:]}")
