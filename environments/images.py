"""The platform's container images, and the digests that `images.json` names; a release edits that file."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
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


# .github/workflows/images.yml builds these from workload/.
WORKLOAD_IMAGES = (Image.ORCHESTRATOR, Image.WORKER)

_IMAGES = ", ".join(Image)


class InvalidImagesError(ValueError):
    """`images.json` cannot be used; the message describes where, and what to do."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"environments/images.json: {problem}.")


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
        InvalidImagesError: `images.json` cannot be read, or lacks the environment.
    """
    digests = read()
    if environment not in digests:
        raise InvalidImagesError(
            f"the environment {environment!r} is missing; add it with a digest for each of {_IMAGES}"
        )
    return Digests(environment, digests[environment])


def read() -> Mapping[str, Mapping[Image, str]]:
    """Environment → the digest of each image, read-only.

    Raises:
        InvalidImagesError: the file is not JSON, or has another form.
    """
    try:
        document = json.loads(FILE.read_text(encoding="utf-8"), object_pairs_hook=_no_key_twice)
    except OSError as error:
        raise InvalidImagesError(
            f"it cannot be read: {error.strerror}; `git checkout environments/images.json` restores it"
        ) from error
    except InvalidImagesError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidImagesError(f"it is not JSON: {error}; correct it") from error
    if not isinstance(document, dict):
        raise InvalidImagesError("it is not an object with the environments' names as keys")
    return MappingProxyType({name: _images(name, value) for name, value in document.items()})


def _images(environment: str, digests: object) -> Mapping[Image, str]:
    if not isinstance(digests, dict):
        raise InvalidImagesError(f"{environment!r} is not an object; give it the keys {_IMAGES}")
    for key in digests:
        if key not in list(Image):
            raise InvalidImagesError(
                f"{environment!r} has the unknown image {key!r}; known are {_IMAGES}"
            )
    if missing := [image.value for image in Image if image not in digests]:
        raise InvalidImagesError(
            f"{missing[0]!r} is missing for the environment {environment!r}; add the digest that its "
            "registry shows"
        )
    for image, digest in digests.items():
        if not isinstance(digest, str) or not is_digest(digest):
            raise InvalidImagesError(
                f"{environment!r}: {image!r} is {digest!r}, which is not a digest; write 'sha256:' and "
                "64 hexadecimal digits"
            )
    return MappingProxyType({image: digests[image] for image in Image})


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """JSON's reader would silently take the last value of a key that is there twice."""
    for key, count in Counter(key for key, _ in pairs).items():
        if count > 1:
            raise InvalidImagesError(f"the key {key!r} is there {count} times; keep one")
    return dict(pairs)
