"""The digests of an environment's images, read from `images.json`."""

import json
from pathlib import Path

import pytest

from environments import images
from environments.images import Image, images_of
from environments.registry import ENVIRONMENTS


def test_images_json_has_every_environment_and_every_image_and_no_other() -> None:
    document = json.loads(images.FILE.read_text())
    assert set(document) == {env.name for env in ENVIRONMENTS}
    assert all(set(digests) == set(Image) for digests in document.values())


def test_the_digests_of_an_environment_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        images_of("dev")[Image.WORKER] = "sha256:0"  # type: ignore[index]


def test_a_missing_image_is_an_error_with_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "images.json"
    file.write_text('{"dev": {"orchestrator": "sha256:0"}}')
    monkeypatch.setattr(images, "FILE", file)
    with pytest.raises(ValueError, match="'worker' is missing for the environment 'dev'"):
        images_of("dev")
