"""The job queue's users, whose passwords Terraform must not see."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import constructs

from environments.names import REDIS_APP_USER, REDIS_METRICS_USER, REDIS_QUEUE_KEY, Names
from stacks import aws


@dataclass(frozen=True, kw_only=True)
class QueueUser:
    """Who is let in, and to what; `id` names it within its CloudFormation stack."""

    id: str
    name: str
    access: str


# Everything on the platform's own keys and channels, transactions and scripts included, but no
# command that empties the store, reads its configuration or looks at other clients. INFO is let
# back in for clients that ask for version and memory, TIME for rate limits in scripts.
_PREFIX = REDIS_QUEUE_KEY.partition(":")[0]
APPLICATION = QueueUser(
    id="User",
    name=REDIS_APP_USER,
    access=(
        f"on ~{_PREFIX}:* &{_PREFIX}:* -@all +@read +@write +@connection +@transaction +@pubsub "
        "+@scripting -@admin -@dangerous -function +info +time"
    ),
)

# What redis_exporter asks for: the server's own numbers, and how long the queue is, whatever kind of
# key that turns out to be. It reads no job. A user of its own, so that the two passwords change apart.
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
    """Their ids. CloudFormation makes them, and reads the passwords from Secrets Manager itself.

    Terraform's own resource for it would keep the password in the state. The reference names the
    secret's version, so that a new password is an update of the stack.
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
