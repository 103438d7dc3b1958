"""Image repositories."""

import json

import pytest

from environments.images import Image
from environments.names import Names, Stack
from environments.spec import Environment
from tests.support.each_environment import EACH_ENVIRONMENT
from tests.support.terraform import Stacks


@EACH_ENVIRONMENT
def test_every_image_that_pods_pull_has_a_repository(terraform: Stacks, env: Environment) -> None:
    repositories = terraform[env.name][Stack.REGISTRY].resources("aws_ecr_repository")
    names = Names(env)
    for image in Image:
        assert f"/{repositories[image]['name']}@sha256:" in names.image(image)


@pytest.mark.parametrize("image", list(Image))
def test_tags_are_immutable_and_every_push_is_scanned(terraform: Stacks, image: Image) -> None:
    repository = terraform["prod"][Stack.REGISTRY].resource("aws_ecr_repository", image)
    assert repository["image_tag_mutability"] == "IMMUTABLE"
    assert repository["image_scanning_configuration"] == {"scan_on_push": True}
    assert repository["encryption_configuration"] == [
        {"encryption_type": "KMS", "kms_key": "${aws_kms_key.key.arn}"}
    ]
    assert repository["force_delete"] is False


@pytest.mark.parametrize("image", list(Image))
def test_a_release_is_never_expired_while_untagged_images_and_candidates_are(
    terraform: Stacks, image: Image
) -> None:
    body = terraform["prod"][Stack.REGISTRY].resource(
        "aws_ecr_lifecycle_policy", f"{image}-lifecycle"
    )
    selections = [rule["selection"] for rule in json.loads(body["policy"])["rules"]]
    # A rule by count, or one for all tags, would one day drop the release that runs.
    assert all(selection["countType"] == "sinceImagePushed" for selection in selections)
    tagged = [s for s in selections if s["tagStatus"] != "untagged"]
    assert [selection["tagPatternList"] for selection in tagged] == [["candidate-*"]]
    assert len(selections) == 2
