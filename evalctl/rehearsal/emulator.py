"""The emulated AWS: a server on loopback, which ends with the rehearsal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.session import Session

from environments.spec import Account
from evalctl.servers import free_port, is_listening, running

_START_SECONDS = 60
# By botocore's name of a setting: the name in a file, that of a variable, the value, and its type. No setting
# comes from the user's files and variables: a profile may need a login, or not be there.
_WITHOUT_THE_USERS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


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

    def client(self, service: str, region: str | None = None) -> Any:
        return _client(self.url, service, region or self.account.region)


@cache  # botocore reads megabytes for a new one
def _client(url: str, service: str, region: str) -> Any:
    return boto3.Session(
        "rehearsal", "rehearsal", botocore_session=Session(_WITHOUT_THE_USERS)
    ).client(
        service,
        region_name=region,
        endpoint_url=url,
        config=Config(
            proxies={}, retries={"total_max_attempts": 2}, s3={"addressing_style": "path"}
        ),
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


@contextmanager
def emulated_aws(
    account: Account, log: Path, *, eks_endpoint: str | None = None
) -> Iterator[EmulatedAws]:
    """A running emulator that writes its output to `log`.

    Its clusters have the address `eks_endpoint` if one is given.

    Raises:
        NotStartedError: it did not start; with the end of its log.
    """
    port = free_port()
    aws = EmulatedAws(f"http://127.0.0.1:{port}", account)
    with running(
        *(sys.executable, "-P", "-m", "evalctl.rehearsal.moto_extras.server"),
        *("-H", "127.0.0.1", "-p", str(port)),
        log=log,
        ready=lambda: is_listening(port),
        environment={
            "PATH": "/usr/bin:/bin",
            "MOTO_ACCOUNT_ID": account.id,
            "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
            **({} if eks_endpoint is None else {"EKS_ENDPOINT": eks_endpoint}),
            "PYTHONPATH": ":".join(path for path in sys.path if path),
            **aws.environment,
        },
        start_seconds=_START_SECONDS,
    ):
        yield aws
