"""Data sets in S3: one case as JSON on each line."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from workload.requests import Case, RequestError, RunRequest

MOST_MIB = 64


def cases(s3: Any, bucket: str, run: RunRequest) -> Sequence[Case]:
    """The run's cases, from the request or from S3.

    Raises:
        RequestError: there is no such object, or it is no data set of the run.
    """
    if run.cases is not None:
        return run.cases
    key = run.dataset_object
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        raise RequestError(f"The bucket {bucket} has no object {key!r}.") from None
    if found["ContentLength"] > MOST_MIB * 1024 * 1024:
        raise RequestError(f"The object {key!r} is larger than {MOST_MIB} MiB.")
    read = tuple(_lines(found["Body"].read(), f"{key!r}"))
    run.check(read)
    return read


def _lines(content: bytes, name: str) -> Iterator[Case]:
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            if line.strip():
                yield Case.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise RequestError(f"{name}, line {number}: {where}: {first['msg']}") from None
