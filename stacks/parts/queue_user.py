"""The job queue's users, whose passwords must not be in Terraform's state."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import constructs

from environments.names import REDIS_APP_USER, REDIS_METRICS_USER, REDIS_QUEUE_KEY, Names
from stacks import aws


@dataclass(frozen=True, kw_only=True)
class QueueUser:
    """A user and its access rules; `id` is its logical id in the CloudFormation stack."""

    id: str
    name: str
    access: str


# Everything on the platform's own keys and channels, including transactions and scripts, except
# commands that empty the store, read its configuration or show other clients. INFO is allowed
# for clients that request the version and memory, TIME for rate limits in scripts.
_PREFIX = REDIS_QUEUE_KEY.partition(":")[0]
APPLICATION = QueueUser(
    id="User",
    name=REDIS_APP_USER,
    access=(
        f"on ~{_PREFIX}:* &{_PREFIX}:* -@all +@read +@write +@connection +@transaction +@pubsub "
        "+@scripting -@admin -@dangerous -function +info +time"
    ),
)

# What redis_exporter requests: the server's metrics, and the queue's length for any type of key. It
# reads no job. It is a user of its own so that the two passwords rotate independently.
METRICS = QueueUser(
    id="MetricsUser",
    name=REDIS_METRICS_USER,
    access=f"on ~{REDIS_QUEUE_KEY} -@all +info +ping +select +type +llen +xlen +zcard",
)


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
