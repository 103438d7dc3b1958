"""The platform's container images, and the digests that `images.json` names; a release edits that file."""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

FILE = Path(__file__).with_name("images.json")


class Image(StrEnum):
    """Container images, each one ECR repository and one key in `images.json`."""

    ORCHESTRATOR = "orchestrator"
    WORKER = "worker"
    POSTGRES_CLIENT = "postgres-client"
    CLICKHOUSE_CLIENT = "clickhouse-client"


def is_digest(text: str) -> bool:
    """Whether the text has the form of an image's digest: `sha256:` and 64 hexadecimal digits."""
    return re.fullmatch(r"sha256:[0-9a-f]{64}", text) is not None


def images_of(environment: str) -> Mapping[Image, str]:
    """The image digests that run in an environment, read-only.

    Raises:
        ValueError: `images.json` is not JSON, or lacks the environment or one of its images.
    """
    try:
        digests = json.loads(FILE.read_text())[environment]
        return MappingProxyType({image: digests[image.value] for image in Image})
    except json.JSONDecodeError as error:
        raise ValueError(f"environments/images.json is not JSON: {error}") from error
    except KeyError as missing:
        raise ValueError(
            f"environments/images.json: {missing} is missing for the environment {environment!r}; "
            "add the digest that its registry shows."
        ) from missing
