"""Data sets in S3: one case as JSON on each line."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from workload.cases import Case

MOST_MIB = 64


class DatasetError(Exception):
    """The object is no data set; the message is for the API's user."""


def read(client: Any, *, bucket: str, key: str) -> tuple[Case, ...]:
    try:
        object_ = client.get_object(Bucket=bucket, Key=key)
    except client.exceptions.NoSuchKey:
        raise DatasetError(f"The bucket {bucket} has no object {key!r}.") from None
    if object_["ContentLength"] > MOST_MIB * 1024 * 1024:
        raise DatasetError(f"The object {key!r} is larger than {MOST_MIB} MiB.")
    return tuple(_cases(object_["Body"].read(), key))


def _cases(content: bytes, key: str) -> Iterator[Case]:
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield Case.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise DatasetError(f"{key!r}, line {number}: {where}: {first['msg']}") from None
