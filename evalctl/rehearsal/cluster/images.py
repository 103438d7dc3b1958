"""Whether a node can pull an image: of the environment's registry only what the environment runs."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from environments.images import Image
from environments.names import Names


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The environment's ECR registry, with the images that a release or a pull request pushed to it."""

    host: str
    images: Collection[str]
    # Repositories in which each commit of a pull request has an image.
    preview_repositories: Collection[str]

    def problem(self, image: str) -> str | None:
        """Why the image cannot be pulled, or None."""
        if image.startswith(f"{self.host}/"):
            repository, _, tag = image.partition(":candidate-")
            of_preview = repository in self.preview_repositories and re.fullmatch(
                r"[0-9a-f]{40}", tag
            )
            return None if image in self.images or of_preview else "not found"
        name, _, digest = image.partition("@")
        tag = name.rpartition("/")[2].partition(":")[2]
        if digest or (tag and tag != "latest"):
            return None
        return "it has neither a digest nor a tag other than latest, so it can change"


def registry(names: Names, *, previews: bool = False) -> Registry:
    """What `images.json` names, and the images of previews where the environment has previews, or is given them."""
    has_previews = previews or names.env.previews is not None
    of_previews = (Image.ORCHESTRATOR, Image.WORKER) if has_previews else ()
    return Registry(
        host=names.image_registry,
        images=frozenset(names.image(image) for image in Image),
        preview_repositories=frozenset(
            names.image(image).partition("@")[0] for image in of_previews
        ),
    )
