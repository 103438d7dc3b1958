"""The job queue's users, whose passwords must not be in Terraform's state."""

import json
from collections.abc import Mapping

import constructs

from environments.names import Names
from environments.queue_users import QueueUser
from stacks import aws


def queue_users(
    scope: constructs.Construct,
    *,
    names: Names,
    credentials: Mapping[QueueUser, aws.SecretsmanagerSecretVersion],
) -> list[str]:
    """Makes the users and returns their ids. CloudFormation reads the passwords from Secrets Manager.

    Terraform's own resource would keep the password in the state. The reference contains the
    secret's version, so that a new password updates the stack.
    """
    stack = aws.CloudformationStack(
        scope,
        "user",
        name=names.aws("redis-user"),
        template_body=json.dumps(
            {
                "Description": "The job queue's users, kept out of Terraform for their passwords",
                "Resources": {
                    user.id: _resource(user, names=names, stored=stored)
                    for user, stored in credentials.items()
                },
                "Outputs": {_output(user): {"Value": {"Ref": user.id}} for user in credentials},
            }
        ),
    )
    return [stack.outputs.lookup(_output(user)) for user in credentials]


def _output(user: QueueUser) -> str:
    return f"{user.id}Id"


def _resource(
    user: QueueUser, *, names: Names, stored: aws.SecretsmanagerSecretVersion
) -> dict[str, object]:
    password = f"{stored.secret_id}:SecretString:password::{stored.version_id}"
    return {
        "Type": "AWS::ElastiCache::User",
        "Properties": {
            "Engine": "valkey",
            "UserId": names.aws(user.name),
            "UserName": user.name,
            "AccessString": user.access,
            "NoPasswordRequired": False,
            "Passwords": [f"{{{{resolve:secretsmanager:{password}}}}}"],
        },
    }
