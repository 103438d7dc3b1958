#!/usr/bin/env python3
"""A fake AWS command line: Secrets Manager, S3 and CloudWatch as files below the folder $CLOUD.

It has the few commands that the node's scripts run, and fails for every other. Scripts call it hundreds of times,
and with argparse and pathlib a call would take three times as long.
"""

import hashlib
import os
import sys
import time

CLOUD = os.environ["CLOUD"]
Options = dict[str, str]


def fail(code: str) -> None:
    sys.exit(f"An error occurred ({code}) when calling the operation: refused")


def secret(name: str, stage: str) -> str:
    return f"{CLOUD}/secrets/{name}/{stage}"


def s3_object(given: Options) -> str:
    return f"{CLOUD}/s3/{given['--bucket']}/{given['--key']}"


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def etag(path: str) -> str:
    return '"' + hashlib.md5(read(path), usedforsecurity=False).hexdigest() + '"'


def get_secret_value(given: Options) -> None:
    value = secret(given["--secret-id"], given["--version-stage"])
    if not os.path.exists(value):
        fail("ResourceNotFoundException")
    print(read(value).decode())


def put_secret_value(given: Options) -> None:
    current = secret(given["--secret-id"], "AWSCURRENT")
    if os.path.exists(current):
        os.rename(current, secret(given["--secret-id"], "AWSPREVIOUS"))
    write(current, read(given["--secret-string"].removeprefix("file://")))


def put_object(given: Options) -> None:
    target = s3_object(given)
    exists = os.path.exists(target)
    if given.get("--if-none-match") == "*" and exists:
        fail("PreconditionFailed")
    if "--if-match" in given and (not exists or etag(target) != given["--if-match"]):
        fail("PreconditionFailed")
    write(target, read(given["--body"]))


def head_object(given: Options) -> None:
    target = s3_object(given)
    written = time.gmtime(os.stat(target).st_mtime)
    print(f"{etag(target)}\t{time.strftime('%Y-%m-%dT%H:%M:%S+00:00', written)}")


def delete_object(given: Options) -> None:
    os.unlink(s3_object(given))


def list_objects(given: Options) -> None:
    folder, _, start = given["--prefix"].rpartition("/")
    there = f"{CLOUD}/s3/{given['--bucket']}/{folder}"
    keys = [
        f"{folder}/{name}"
        for name in sorted(os.listdir(there) if os.path.isdir(there) else [])
        if name.startswith(start)
        and name.endswith(".complete")
        and os.path.isfile(f"{there}/{name}")
    ]
    print("\n".join(keys) or "None")


def put_metric_data(given: Options) -> None:
    names = ("--namespace", "--metric-name", "--dimensions", "--value")
    with open(f"{CLOUD}/metrics", "a") as file:
        file.write(" ".join(given[name] for name in names if name in given) + "\n")


# Call → what answers it, and its options.
CALLS = {
    "secretsmanager get-secret-value": (
        get_secret_value,
        {"--secret-id", "--version-stage", "--query", "--output"},
    ),
    "secretsmanager put-secret-value": (put_secret_value, {"--secret-id", "--secret-string"}),
    "s3api put-object": (
        put_object,
        {"--bucket", "--key", "--body", "--if-none-match", "--if-match"},
    ),
    "s3api head-object": (head_object, {"--bucket", "--key", "--query", "--output"}),
    "s3api delete-object": (delete_object, {"--bucket", "--key"}),
    "s3api list-objects-v2": (
        list_objects,
        {"--bucket", "--prefix", "--delimiter", "--query", "--output"},
    ),
    "cloudwatch put-metric-data": (
        put_metric_data,
        {"--namespace", "--metric-name", "--value", "--dimensions"},
    ),
}


def main() -> None:
    call, words = " ".join(sys.argv[1:3]), sys.argv[3:]
    given = dict(zip(words[::2], words[1::2], strict=True))
    if call not in CALLS:
        sys.exit(f"The fake has no call {call}")
    answer, options = CALLS[call]
    if unknown := given.keys() - options:
        sys.exit(f"The fake has no {', '.join(sorted(unknown))} of {call}")
    answer(given)


main()
