#!/usr/bin/env python3
"""A fake AWS command line: Secrets Manager, S3 and CloudWatch as files below the folder $CLOUD.

It has the few commands that the node's scripts run, and fails for every other.
"""

import argparse
import hashlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

CLOUD = Path(os.environ["CLOUD"])


def fail(code: str) -> None:
    sys.exit(f"An error occurred ({code}) when calling the operation: refused")


def secret(name: str, stage: str) -> Path:
    return CLOUD / "secrets" / name / stage


def s3_object(bucket: str, key: str) -> Path:
    return CLOUD / "s3" / bucket / key


def etag(path: Path) -> str:
    return '"' + hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() + '"'


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("service")
    parser.add_argument("call")
    for option in (
        *("--secret-id", "--version-stage", "--secret-string", "--query", "--output"),
        *(
            "--bucket",
            "--key",
            "--body",
            "--if-none-match",
            "--if-match",
            "--prefix",
            "--delimiter",
            "--namespace",
            "--metric-name",
            "--value",
            "--dimensions",
        ),
    ):
        parser.add_argument(option)
    given = parser.parse_args()
    {
        "get-secret-value": get_secret_value,
        "put-secret-value": put_secret_value,
        "put-object": put_object,
        "head-object": head_object,
        "delete-object": delete_object,
        "list-objects-v2": list_objects,
        "put-metric-data": put_metric_data,
    }[given.call](given)


def get_secret_value(given: argparse.Namespace) -> None:
    value = secret(given.secret_id, given.version_stage)
    if not value.exists():
        fail("ResourceNotFoundException")
    print(value.read_text())


def put_secret_value(given: argparse.Namespace) -> None:
    current = secret(given.secret_id, "AWSCURRENT")
    current.parent.mkdir(parents=True, exist_ok=True)
    if current.exists():
        current.rename(secret(given.secret_id, "AWSPREVIOUS"))
    current.write_text(Path(given.secret_string.removeprefix("file://")).read_text())


def put_object(given: argparse.Namespace) -> None:
    target = s3_object(given.bucket, given.key)
    if given.if_none_match == "*" and target.exists():
        fail("PreconditionFailed")
    if given.if_match and (not target.exists() or etag(target) != given.if_match):
        fail("PreconditionFailed")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(Path(given.body).read_bytes())


def head_object(given: argparse.Namespace) -> None:
    target = s3_object(given.bucket, given.key)
    written = datetime.fromtimestamp(target.stat().st_mtime, tz=UTC)
    print(f"{etag(target)}\t{written.isoformat()}")


def delete_object(given: argparse.Namespace) -> None:
    s3_object(given.bucket, given.key).unlink()


def list_objects(given: argparse.Namespace) -> None:
    folder, _, start = given.prefix.rpartition("/")
    keys = sorted(
        f"{folder}/{path.name}"
        for path in s3_object(given.bucket, folder).glob(f"{start}*.complete")
        if path.is_file()
    )
    print("\n".join(keys) or "None")


def put_metric_data(given: argparse.Namespace) -> None:
    with (CLOUD / "metrics").open("a") as file:
        words = (given.namespace, given.metric_name, given.dimensions, given.value)
        file.write(" ".join(filter(None, words)) + "\n")


main()
