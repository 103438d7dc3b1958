"""Which image an environment may run, and the edit of `images.json` that releases it there."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from environments import images
from environments.images import Image
from environments.names import Names
from environments.spec import Environment
from evalctl.processes import CommandFailedError, output
from evalctl.rendering.changes import Change, text_of

PLACEHOLDER = "sha256:" + 64 * "0"  # is in images.json until an environment's first release


class ReleaseRefusedError(Exception):
    """The image may not run in the environment."""


class NotCommittedError(Exception):
    """Git cannot show the file on the branch."""


@dataclass(frozen=True)
class ChangedFile:
    """A rendered file that a release changed, and whether only the image in it changed."""

    path: str
    image_only: bool


def require_digest(digest: str) -> None:
    """Refuse a text that is not the digest of an image.

    Raises:
        ReleaseRefusedError: it has another form, or is the placeholder.
    """
    if not images.is_digest(digest):
        raise ReleaseRefusedError(
            f"{digest!r} is not a digest; write 'sha256:' and 64 hexadecimal digits, as ECR shows them. "
            "A tag may move, a digest cannot."
        )
    if digest == PLACEHOLDER:
        raise ReleaseRefusedError(f"No image has the digest {digest}; release one that was built.")


def running(image: Image, env: Environment) -> str:
    """The digest that an environment runs: the one committed on the branch that Argo CD follows.

    Raises:
        ReleaseRefusedError: git cannot read it, or no release has reached the environment.
    """
    branch = env.repository.revision
    try:
        document = json.loads(committed_text(images.FILE, branch=branch))
        digest: str = document[env.name][image]
    except (NotCommittedError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ReleaseRefusedError(
            f"The {image} that {env.name} runs cannot be read. It is read from {branch}, the branch that "
            f"Argo CD follows: run `git fetch`. {error}"
        ) from error
    if digest == PLACEHOLDER:
        raise ReleaseRefusedError(
            f"{env.name} runs no {image} yet. Release one there first and merge it: "
            f"evalctl release {image} DIGEST --env {env.name}"
        )
    return digest


def committed_text(file: Path, *, branch: str) -> str:
    """The file's text on the remote's branch as last fetched, or on the local one without a remote.

    Raises:
        NotCommittedError: there is no git repository, no such branch, or no such file on it.
    """
    for revision in (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"):
        try:
            return output(("git", "show", f"{revision}:./{file.name}"), folder=file.parent)
        except CommandFailedError as error:
            reason = error.reason
    raise NotCommittedError(
        f"git finds {file.name} neither on origin/{branch} nor on {branch}: {reason}"
    )


def not_released(environments: Sequence[Environment]) -> str | None:
    """The sentence about the zeros in `images.json`, or None if every image was released."""
    missing = {
        env.name: [image for image in Image if env.images[image] == PLACEHOLDER]
        for env in environments
    }
    listed = "; ".join(f"{name}: {', '.join(found)}" for name, found in missing.items() if found)
    if not listed:
        return None
    return (
        f"No image was released yet for {listed}. Their digests in environments/images.json are zeros, and "
        "their pods cannot start. `evalctl release` and `evalctl promote` write digests (docs/releases.md)."
    )


def require_tried(image: Image, digest: str, *, target: Environment, source: Environment) -> None:
    """Refuse an image that the source environment does not run.

    Raises:
        ReleaseRefusedError: it runs another one, or git cannot read which.
    """
    runs = running(image, source)
    if digest == runs:
        return
    if digest == source.images[image]:
        raise ReleaseRefusedError(
            f"{target.name} takes images that {source.name} runs, and this one's release to {source.name} "
            f"is not on {source.repository.revision} yet. Merge it; when it runs well there: "
            f"evalctl promote {image} --to {target.name}"
        )
    raise ReleaseRefusedError(
        f"{target.name} takes images that {source.name} runs, and {source.name} runs the {image} {runs}. "
        f"Release this one there first: evalctl release {image} {digest} --env {source.name}. "
        f"When it is merged and runs well: evalctl promote {image} --to {target.name}"
    )


def edit(image: Image, digest: str, *, environment: str) -> Change:
    """The change of `images.json` to this digest."""
    before = text_of(images.FILE)
    document = json.loads(before or "{}")
    document[environment][image] = digest
    return Change(images.FILE, before, formatted(document))


def released(
    environments: Sequence[Environment], image: Image, digest: str, *, environment: str
) -> tuple[Environment, ...]:
    """The environments, one of them with this image."""
    return tuple(
        replace(env, images={**env.images, image: digest}) if env.name == environment else env
        for env in environments
    )


def changed_files(
    before: dict[str, str],
    after: dict[str, str],
    *,
    image: Image,
    was: Environment,
    now: Environment,
) -> list[ChangedFile]:
    """The rendered files (path → text) that a release changed."""
    old, new = Names(was).image(image), Names(now).image(image)
    return [
        ChangedFile(path, before.get(path, "").replace(old, new) == after.get(path, ""))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def formatted(document: dict[str, dict[str, str]]) -> str:
    """One digest on each line, sorted, so that a diff shows exactly the images that changed."""
    return json.dumps(document, indent=2, sort_keys=True) + "\n"
