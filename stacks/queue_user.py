"""The job queue's user, whose password Terraform must not see."""

import json

import constructs

from environments.names import REDIS_APP_USER, REDIS_QUEUE_KEY, Names
from stacks.aws import CloudformationStack, SecretsmanagerSecretVersion

# Everything on the platform's own keys and channels, transactions and scripts included, but no
# command that empties the store, reads its configuration or looks at other clients. INFO is let
# back in for clients and exporters that ask for version and memory, TIME for rate limits in scripts.
_PREFIX = REDIS_QUEUE_KEY.partition(":")[0]
ACCESS = (
    f"on ~{_PREFIX}:* &{_PREFIX}:* -@all +@read +@write +@connection +@transaction +@pubsub "
    "+@scripting -@admin -@dangerous -function +info +time"
)


def queue_user(
    scope: constructs.Construct, *, names: Names, credentials: SecretsmanagerSecretVersion
) -> CloudformationStack:
    """The user, made by CloudFormation, which reads the password from Secrets Manager itself.

    Terraform's own resource for it would keep the password in the state. The reference names the
    secret's version, so that a new password is an update of the stack.
    """
    stored = f"{credentials.secret_id}:SecretString:password::{credentials.version_id}"
    user = {
        "Type": "AWS::ElastiCache::User",
        "Properties": {
            "Engine": "valkey",
            "UserId": names.aws(REDIS_APP_USER),
            "UserName": REDIS_APP_USER,
            "AccessString": ACCESS,
            "NoPasswordRequired": False,
            "Passwords": [f"{{{{resolve:secretsmanager:{stored}}}}}"],
        },
    }
    return CloudformationStack(
        scope,
        "user",
        name=names.aws("redis-user"),
        template_body=json.dumps(
            {
                "Description": "The job queue's user, kept out of Terraform for its password",
                "Resources": {"User": user},
                "Outputs": {"UserId": {"Value": {"Ref": "User"}}},
            }
        ),
    )
