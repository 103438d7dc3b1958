"""Which image an environment may run, and the edit of `images.json` that makes it run there."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from environments import images
from environments.images import Image
from environments.names import Names
from environments.spec import Environment
from evalctl import committed
from evalctl.rendering import tree

PLACEHOLDER = "sha256:" + 64 * "0"  # stands in images.json until an environment's first release


class ReleaseRefusedError(Exception):
    """The image may not run there; the message says why and what to do."""


@dataclass(frozen=True)
class ChangedFile:
    """A rendered file that a release changed, and whether in nothing but the image."""

    path: str
    image_only: bool


def require_digest(digest: str) -> None:
    """Refuse what is not an image's digest.

    Raises:
        ReleaseRefusedError: it has another form, or is the placeholder.
    """
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise ReleaseRefusedError(
            f"{digest!r} is not a digest; write 'sha256:' and 64 hexadecimal digits, as ECR shows them. "
            "A tag may move, a digest cannot."
        )
    if digest == PLACEHOLDER:
        raise ReleaseRefusedError(f"No image has the digest {digest}; release one that was built.")


def running(image: Image, env: Environment) -> str:
    """The digest that an environment runs: the one committed on the branch that Argo CD follows.

    Raises:
        ReleaseRefusedError: git does not tell, or no release has reached the environment.
    """
    branch = env.repository.revision
    try:
        document = json.loads(committed.text_of(images.FILE, branch=branch))
        digest: str = document[env.name][image]
    except (committed.NotCommittedError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ReleaseRefusedError(
            f"Nothing tells which {image} {env.name} runs; fetch {branch}, which Argo CD follows. {error}"
        ) from error
    if digest == PLACEHOLDER:
        raise ReleaseRefusedError(
            f"{env.name} runs no {image} yet. Release one there first and merge it: "
            f"evalctl release {image} DIGEST --env {env.name}"
        )
    return digest


def require_tried(image: Image, digest: str, *, target: Environment, source: Environment) -> None:
    """Refuse an image that the environment before this one does not run.

    Raises:
        ReleaseRefusedError: it runs another one, or git does not tell.
    """
    runs = running(image, source)
    if digest == runs:
        return
    if digest == source.images[image]:
        raise ReleaseRefusedError(
            f"{target.name} takes images that {source.name} runs, and this one's release to {source.name} "
            f"is not on {source.repository.revision} yet. Merge it; when it does well there: "
            f"evalctl promote {image} --to {target.name}"
        )
    raise ReleaseRefusedError(
        f"{target.name} takes images that {source.name} runs, and {source.name} runs the {image} {runs}. "
        f"Release this one there first: evalctl release {image} {digest} --env {source.name}. "
        f"When it is merged and does well: evalctl promote {image} --to {target.name}"
    )


@contextmanager
def edited(image: Image, digest: str, *, environment: str) -> Iterator[None]:
    """`images.json` with this digest; leaving with an error, an interruption too, takes it back."""
    before = images.FILE.read_text()
    document = json.loads(before)
    document[environment][image] = digest
    tree.write(images.FILE, formatted(document))
    try:
        yield
    except BaseException:
        tree.write(images.FILE, before)
        raise


def reread(environments: Sequence[Environment]) -> tuple[Environment, ...]:
    """The environments with the images that `images.json` names now."""
    return tuple(replace(env, images=images.images_of(env.name)) for env in environments)


def changed_files(
    before: dict[str, str],
    after: dict[str, str],
    *,
    image: Image,
    was: Environment,
    now: Environment,
) -> list[ChangedFile]:
    """What a release did to the rendered files, given as path → text."""
    old, new = Names(was).image(image), Names(now).image(image)
    return [
        ChangedFile(path, before.get(path, "").replace(old, new) == after.get(path, ""))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def formatted(document: dict[str, dict[str, str]]) -> str:
    """A digest a line, sorted: a diff shows which images changed, and nothing else."""
    return json.dumps(document, indent=2, sort_keys=True) + "\n"
