"""One ECR repository per container image."""

import json

import constructs

from environments.images import Image
from environments.names import Stack
from environments.spec import Environment
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.parts.kms import encryption_key

CANDIDATE_TAGS = "candidate-*"  # how builds of pull requests tag their images
CANDIDATE_DAYS = 30
UNTAGGED_DAYS = 7


class RegistryStack(EnvironmentStack):
    """Repositories with immutable tags, which scan each image when it is pushed."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, Stack.REGISTRY, env=env)
        key = encryption_key(self, "key", names=self.names, purpose="registry")
        for image in Image:
            repository = self._repository(image, key)
            self._lifecycle(image, repository)

    def _repository(self, image: Image, key: aws.KmsKey) -> aws.EcrRepository:
        return aws.EcrRepository(
            self,
            image,
            name=self.names.image_repository(image),
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=aws.EcrRepositoryImageScanningConfiguration(
                scan_on_push=True
            ),
            encryption_configuration=[
                aws.EcrRepositoryEncryptionConfiguration(encryption_type="KMS", kms_key=key.arn)
            ],
            force_delete=False,
        )

    def _lifecycle(self, image: Image, repository: aws.EcrRepository) -> None:
        """Expires only images that no pod runs: pods pull by digest, and any release may be running.

        A rule that counts images would in time expire the release that has run longest.
        """
        aws.EcrLifecyclePolicy(
            self,
            f"{image}-lifecycle",
            repository=repository.name,
            policy=json.dumps(
                {
                    "rules": [
                        _expire(1, {"tagStatus": "untagged"}, UNTAGGED_DAYS),
                        _expire(
                            2,
                            {"tagStatus": "tagged", "tagPatternList": [CANDIDATE_TAGS]},
                            CANDIDATE_DAYS,
                        ),
                    ]
                }
            ),
        )


def _expire(priority: int, selection: dict[str, str | list[str]], days: int) -> dict[str, object]:
    return {
        "rulePriority": priority,
        "selection": selection
        | {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": days},
        "action": {"type": "expire"},
    }
