"""The digests of an environment's images, read from `images.json`."""

import json
from pathlib import Path

import pytest
import typer

from environments import images
from environments.images import Image, images_of
from environments.registry import ENVIRONMENTS
from evalctl.values import known_environments


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


DIGEST = "sha256:" + 64 * "a"
WHOLE = {image.value: DIGEST for image in Image}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is not JSON"),
        ("{", "it is not JSON"),
        ("\ufffd\x00", "it is not JSON"),
        (100_000 * "[", "it is not JSON"),
        ("[]", "it is not an object"),
        ("null", "it is not an object"),
        ('{"dev": []}', "'dev' is not an object; give it the keys orchestrator"),
        ('{"dev": {}, "dev": {}}', "the key 'dev' is there 2 times; keep one"),
        (json.dumps({"dev": {**WHOLE, "wroker": DIGEST}}), "unknown image 'wroker'; known are"),
        (json.dumps({"dev": {**WHOLE, "worker": 1}}), "'worker' is 1, which is not a digest"),
        (json.dumps({"dev": {**WHOLE, "worker": "latest"}}), "which is not a digest"),
        (json.dumps({"other": WHOLE}), "the environment 'dev' is missing"),
    ],
)
def test_a_file_of_another_form_is_an_error_that_describes_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, problem: str
) -> None:
    file = tmp_path / "images.json"
    file.write_text(text)
    monkeypatch.setattr(images, "FILE", file)
    with pytest.raises(images.InvalidImagesError) as error:
        images_of("dev")
    assert str(error.value).startswith("environments/images.json: ")
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_in_another_encoding_and_a_missing_file_are_errors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(images, "FILE", tmp_path / "images.json")
    with pytest.raises(images.InvalidImagesError, match="cannot be read: No such file"):
        images_of("dev")
    images.FILE.write_bytes(b"\xff\xfe{}")
    with pytest.raises(images.InvalidImagesError, match="it is not JSON"):
        images_of("dev")


def test_images_of_an_environment_that_is_not_registered_end_a_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "images.json"
    file.write_text(json.dumps({**json.loads(images.FILE.read_text()), "stagign": WHOLE}))
    monkeypatch.setattr(images, "FILE", file)
    with pytest.raises(typer.Exit):
        known_environments()
    assert "has images of 'stagign', which environments/registry.py" in capsys.readouterr().err
