"""ElastiCache users and user groups, and users in CloudFormation templates."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.elasticache.models import elasticache_backends

from tests.evalctl.rehearsal.moto_extras.conftest import REGION, Client


def create_user(client: Client, id_: str, *, engine: str = "valkey") -> None:
    client("elasticache").create_user(
        UserId=id_,
        UserName=id_,
        Engine=engine,
        AccessString="on ~eval:* +@all",
        Passwords=["a-long-enough-password"],
    )


def members(client: Client, group_id: str) -> list[str]:
    found = client("elasticache").describe_user_groups(UserGroupId=group_id)["UserGroups"][0]
    assert found["Status"] == "active"
    return sorted(found["UserIds"])


def test_a_user_group_gains_and_loses_users(client: Client) -> None:
    elasticache = client("elasticache")
    for user in ("one", "two"):
        create_user(client, user)
    elasticache.create_user_group(UserGroupId="queue", Engine="valkey", UserIds=["one"])
    elasticache.modify_user_group(
        UserGroupId="queue", UserIdsToAdd=["two"], UserIdsToRemove=["one"]
    )
    assert members(client, "queue") == ["two"]
    user = elasticache.describe_users(UserId="two")["Users"][0]
    assert user["UserGroupIds"] == ["queue"]


def test_a_redis_group_needs_a_default_user_and_a_valkey_group_does_not(client: Client) -> None:
    elasticache = client("elasticache")
    create_user(client, "app", engine="redis")
    with pytest.raises(ClientError, match="DefaultUserRequired"):
        elasticache.create_user_group(UserGroupId="redis", Engine="redis", UserIds=["app"])
    elasticache.create_user_group(UserGroupId="redis", Engine="redis", UserIds=["app", "default"])
    assert members(client, "redis") == ["app", "default"]


def test_an_unknown_user_is_refused(client: Client) -> None:
    with pytest.raises(ClientError, match="UserNotFound"):
        client("elasticache").create_user_group(
            UserGroupId="queue", Engine="valkey", UserIds=["unknown"]
        )


def test_a_user_group_in_use_cannot_be_deleted(client: Client) -> None:
    elasticache = client("elasticache")
    create_user(client, "app")
    elasticache.create_user_group(UserGroupId="queue", Engine="valkey", UserIds=["app"])
    elasticache.create_replication_group(
        ReplicationGroupId="queue",
        ReplicationGroupDescription="jobs",
        Engine="valkey",
        UserGroupIds=["queue"],
    )
    with pytest.raises(ClientError, match="InvalidUserGroupState"):
        elasticache.delete_user_group(UserGroupId="queue")
    elasticache.modify_replication_group(ReplicationGroupId="queue", UserGroupIdsToRemove=["queue"])
    elasticache.delete_user_group(UserGroupId="queue")
    with pytest.raises(ClientError, match="UserGroupNotFound"):
        elasticache.describe_user_groups(UserGroupId="queue")


def test_a_users_access_string_can_change_and_a_short_password_is_refused(client: Client) -> None:
    elasticache = client("elasticache")
    create_user(client, "app")
    changed = elasticache.modify_user(UserId="app", AccessString="on ~* +@read")
    assert changed["AccessString"] == "on ~* +@read"
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        elasticache.modify_user(UserId="app", Passwords=["short"])


def template(access: str, secret: str, version: str) -> str:
    password = f"{{{{resolve:secretsmanager:{secret}:SecretString:password::{version}}}}}"
    user = {
        "Type": "AWS::ElastiCache::User",
        "Properties": {
            "Engine": "valkey",
            "UserId": "app",
            "UserName": "app",
            "AccessString": access,
            "NoPasswordRequired": False,
            "Passwords": [password],
        },
    }
    outputs = {"UserId": {"Value": {"Ref": "User"}}}
    return json.dumps({"Resources": {"User": user}, "Outputs": outputs})


@pytest.fixture
def secret(client: Client) -> dict[str, Any]:
    """ARN and VersionId of a secret with a password in it."""
    created = client("secretsmanager").create_secret(
        Name="dev/redis", SecretString=json.dumps({"password": "first-long-password"})
    )
    assert isinstance(created, dict)
    return created


def passwords() -> list[str]:
    return elasticache_backends["123456789012"][REGION].users["app"].passwords


def test_a_stack_creates_updates_and_deletes_a_user_with_a_password_from_a_secret(
    client: Client, secret: dict[str, Any]
) -> None:
    cloudformation, elasticache = client("cloudformation"), client("elasticache")
    cloudformation.create_stack(
        StackName="user", TemplateBody=template("on ~* +@read", secret["ARN"], secret["VersionId"])
    )
    stack = cloudformation.describe_stacks(StackName="user")["Stacks"][0]
    assert stack["Outputs"][0]["OutputValue"] == "app"
    assert passwords() == ["first-long-password"]

    renewed = client("secretsmanager").put_secret_value(
        SecretId=secret["ARN"], SecretString=json.dumps({"password": "second-long-password"})
    )
    cloudformation.update_stack(
        StackName="user", TemplateBody=template("on ~* +@all", secret["ARN"], renewed["VersionId"])
    )
    assert passwords() == ["second-long-password"]
    user = elasticache.describe_users(UserId="app")["Users"][0]
    assert user["AccessString"] == "on ~* +@all"

    cloudformation.delete_stack(StackName="user")
    with pytest.raises(ClientError, match="UserNotFound"):
        elasticache.describe_users(UserId="app")
