"""S3 on loopback: moto, with the buckets that the platform's programs use."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from evalctl.servers import free_port, is_listening, running


@dataclass(frozen=True)
class S3:
    """The address, and the variables with which AWS' SDKs use it."""

    url: str
    region: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    def client(self) -> Any:
        return boto3.client(
            "s3",
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(s3={"addressing_style": "path"}),
        )


@contextmanager
def s3(folder: Path, *, region: str, buckets: tuple[str, ...]) -> Iterator[S3]:
    """A running server with these empty buckets.

    Raises:
        NotStartedError: it did not start; with the end of its log.
    """
    folder.mkdir()
    port = free_port()
    started = S3(f"http://127.0.0.1:{port}", region)
    with running(
        *(sys.executable, "-P", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)),
        log=folder / "s3.log",
        ready=lambda: is_listening(port),
        environment={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": ":".join(path for path in sys.path if path),
            **started.environment,
        },
    ):
        client = started.client()
        # The first region has no name here (API reference, CreateBucket).
        place = {} if region == "us-east-1" else {"LocationConstraint": region}
        for bucket in buckets:
            client.create_bucket(
                Bucket=bucket, **({"CreateBucketConfiguration": place} if place else {})
            )
        yield started
