"""The platform's container images, and the digests that `images.json` names; a release edits that file."""

import json
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path

FILE = Path(__file__).with_name("images.json")


class Image(StrEnum):
    """Container images, each one ECR repository and one key in `images.json`."""

    ORCHESTRATOR = "orchestrator"
    WORKER = "worker"
    POSTGRES_CLIENT = "postgres-client"
    CLICKHOUSE_CLIENT = "clickhouse-client"


class Digests(Mapping[Image, str]):
    """The digests of one environment, read-only; the rules refuse them in another one."""

    def __init__(self, environment: str, digests: Mapping[Image, str]) -> None:
        self.environment = environment
        self._digests = digests

    def __getitem__(self, image: Image) -> str:
        return self._digests[image]

    def __iter__(self) -> Iterator[Image]:
        return iter(self._digests)

    def __len__(self) -> int:
        return len(self._digests)


def is_digest(text: str) -> bool:
    """Whether the text has the form of an image's digest: `sha256:` and 64 hexadecimal digits."""
    return re.fullmatch(r"sha256:[0-9a-f]{64}", text) is not None


def images_of(environment: str) -> Digests:
    """The image digests that run in an environment, read-only.

    Raises:
        ValueError: `images.json` is not JSON, or lacks the environment or one of its images.
    """
    try:
        digests = json.loads(FILE.read_text())[environment]
        return Digests(environment, {image: digests[image.value] for image in Image})
    except json.JSONDecodeError as error:
        raise ValueError(f"environments/images.json is not JSON: {error}") from error
    except KeyError as missing:
        raise ValueError(
            f"environments/images.json: {missing} is missing for the environment {environment!r}; "
            "add the digest that its registry shows."
        ) from missing
