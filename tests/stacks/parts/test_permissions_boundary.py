"""The boundary allows what the roles need, and nothing that is denied to a deploy."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

from environments.names import (
    OPERATORS_SECRETS,
    RESTORE_DRILL,
    STATE_STACKS_BUCKETS,
    Bucket,
    Names,
    Secret,
    Stack,
)
from environments.spec import Environment
from tests.stacks.policies import allowed, boundary_statements, granting, statements
from tests.support.each_environment import EACH_ENVIRONMENT, EACH_NAME
from tests.support.terraform import Body, Stacks, Terraform

MANAGED_POLICY_LIMIT = 6_144  # characters without white space (IAM user guide, "quotas")

# What AWS's managed policies also allow and the boundary does not.
LEFT_OUT = (
    # AWS Backup, for resources that are not backed up with it: all except RDS instances and buckets.
    *("backup-gateway:*", "cloudformation:*", "ds:*", "dsql:*", "dynamodb:*", "ebs:*", "eks:*"),
    *("elasticfilesystem:*", "fsx:*", "guardduty:*", "redshift:*", "redshift-serverless:*"),
    *("ssm:*Command*", "ssm-sap:*", "storagegateway:*", "timestream:*"),
    *("iam:GetRole", "iam:ListAttachedRolePolicies", "rds:*Cluster*", "rds:*TenantDatabase"),
    *("ec2:*Image", "ec2:*ImageAttribute", "ec2:RunInstances", "ec2:TerminateInstances"),
    # Volumes are not, either: a pod's has no snapshots, and only Terraform makes a ClickHouse node's.
    *("ec2:*Snapshot", "ec2:*SnapshotAttribute", "ec2:*SnapshotTier", "ec2:*FastSnapshotRestores"),
    # AWS Backup, for point-in-time recovery, which RDS does on its own, and for other accounts.
    *("rds:DeleteDBInstanceAutomatedBackup", "rds:ModifyDBSnapshotAttribute"),
)


def boundary(terraform: Stacks, name: str) -> list[Body]:
    return boundary_statements(terraform[name][Stack.STATE])


def effects(found: list[Body], action: str, resource: str | None = None) -> set[str]:
    """Allow, Deny or both; without a resource, Allow if it allows the action on any resource."""
    return {
        statement["Effect"]
        for statement in found
        if any(fnmatchcase(action, pattern) for pattern in statement["Action"])
        and (
            statement["Effect"] == "Allow"
            if resource is None
            else any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        )
    }


def bounded_stacks(terraform: Stacks, name: str) -> list[Terraform]:
    return [stack for one, stack in terraform[name].items() if one is not Stack.DELIVERY]


def inline_statements(terraform: Stacks, name: str) -> Iterator[Body]:
    for stack in bounded_stacks(terraform, name):
        for body in stack.resources("aws_iam_role_policy").values():
            yield from json.loads(body["policy"])["Statement"]


def managed_actions(terraform: Stacks, name: str) -> Iterator[str]:
    """The actions of the attached managed policies, as moto has them."""
    policies = json.loads(aws_managed_policies_data)
    for stack in bounded_stacks(terraform, name):
        for body in stack.resources("aws_iam_role_policy_attachment").values():
            for statement in policies[body["policy_arn"].rpartition("/")[2]]["Document"][
                "Statement"
            ]:
                actions: str | list[str] = statement["Action"]
                yield from [actions] if isinstance(actions, str) else actions


@EACH_NAME
def test_every_role_has_the_boundary_except_the_delivery_roles(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    made = terraform[name][Stack.STATE].only("aws_iam_policy")
    arn = f"arn:aws:iam::{names[name].env.account.id}:policy/{made['name']}"
    roles = [
        role
        for stack in bounded_stacks(terraform, name)
        for role in stack.resources("aws_iam_role").values()
    ]
    assert len(roles) > 10
    assert all(role["permissions_boundary"] == arn for role in roles)
    for role in terraform[name][Stack.DELIVERY].resources("aws_iam_role").values():
        assert "permissions_boundary" not in role


@EACH_NAME
def test_it_allows_every_permission_that_a_role_has(terraform: Stacks, name: str) -> None:
    found = boundary(terraform, name)
    for statement in inline_statements(terraform, name):
        for resource in statement["Resource"]:
            known = None if "${" in resource else resource
            for action in statement["Action"]:
                assert effects(found, action, known) == {"Allow"}, f"{action} on {resource} is cut"


@EACH_NAME
def test_it_allows_what_the_managed_policies_allow_for_the_services_in_use(
    terraform: Stacks, name: str
) -> None:
    found = boundary(terraform, name)
    cut = {action for action in managed_actions(terraform, name) if not effects(found, action)}
    assert [a for a in cut if not any(fnmatchcase(a, pattern) for pattern in LEFT_OUT)] == []
    assert [p for p in LEFT_OUT if not any(fnmatchcase(a, p) for a in cut)] == [], "out of date"


@EACH_NAME
def test_keys_are_used_through_the_same_services(terraform: Stacks, name: str) -> None:
    (using,) = granting(boundary(terraform, name), "kms:Decrypt")
    through = using["Condition"]["StringLike"]["kms:ViaService"]
    used = granting(list(inline_statements(terraform, name)), "kms:Decrypt")
    assert used
    for statement in used:
        service = statement["Condition"]["StringEquals"]["kms:ViaService"]
        assert any(fnmatchcase(service, pattern) for pattern in through)


@EACH_NAME
def test_it_fits_into_a_managed_policy(terraform: Stacks, name: str) -> None:
    document = json.loads(terraform[name][Stack.STATE].only("aws_iam_policy")["policy"])
    assert len(json.dumps(document, separators=(",", ":"))) <= MANAGED_POLICY_LIMIT


@EACH_NAME
def test_it_allows_two_limited_iam_actions_and_one_role_to_become_another(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    found = [s for s in boundary(terraform, name) if s["Effect"] == "Allow"]
    granted = {a for s in found for a in s["Action"] if a.startswith(("iam:", "sts:", "*"))}
    read = {"iam:GetServerCertificate", "iam:ListServerCertificates"}
    assert granted - read == {"iam:CreateServiceLinkedRole", "iam:PassRole", "sts:AssumeRole"}
    (becoming,) = granting(found, "sts:AssumeRole")
    own = names[name]
    assert becoming["Resource"] == [own.role_arn(own.aws(RESTORE_DRILL))]  # it has this boundary
    first_node = {"aws:PrincipalArn": own.role_arn(own.aws("clickhouse-1"))}
    assert becoming["Condition"] == {"StringEquals": first_node}
    for action in ("iam:CreateServiceLinkedRole", "iam:PassRole"):
        (statement,) = granting(found, action)
        assert "StringEquals" in statement["Condition"]
        assert statement["Resource"] != ["*"]


@EACH_NAME
def test_no_role_reaches_states_or_access_logs(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    found = boundary(terraform, name)
    for bucket in STATE_STACKS_BUCKETS:
        arn = names[name].bucket_arn(bucket)
        for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
            assert "Deny" in effects(found, action, f"{arn}/network.tfstate")
        assert "Deny" in effects(found, "s3:ListBucket", arn)
    data = f"{names[name].bucket_arn(Bucket.DATASETS)}/some/object"
    assert effects(found, "s3:GetObject", data) == {"Allow"}


@EACH_NAME
def test_only_one_role_reads_the_operators_secrets(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    own, account = names[name], names[name].env.account
    prefix = f"arn:aws:secretsmanager:{account.region}:{account.id}:secret:{name}/eval-platform"
    found = boundary(terraform, name)
    (refused,) = (s for s in granting(found, "secretsmanager:GetSecretValue") if "Condition" in s)
    assert refused["Effect"] == "Deny"
    for secret in Secret:
        hit = any(fnmatchcase(f"{prefix}/{secret}-AbCdEf", arn) for arn in refused["Resource"])
        assert hit is (secret in OPERATORS_SECRETS)
    (reader,) = refused["Condition"]["StringNotEquals"].values()
    cluster = terraform[name][Stack.CLUSTER]
    assert reader == own.role_arn(cluster.resource("aws_iam_role", "external-secrets-role")["name"])
    (reading,) = granting(
        statements(cluster, "external-secrets-role"), "secretsmanager:GetSecretValue"
    )
    assert all(secret in str(reading["Resource"]) for secret in OPERATORS_SECRETS)


@EACH_NAME
def test_no_role_can_do_what_is_denied_to_a_deploy(terraform: Stacks, name: str) -> None:
    """Otherwise a deploy could make a role for it.

    AWS Backup must delete its own expired snapshots, and copy to the vault in another region.
    """
    deploy = statements(terraform[name][Stack.DELIVERY], "deploy-role")
    (never,) = granting(deploy, "backup:DeleteRecoveryPoint")
    found = boundary(terraform, name)
    allowed_here = {a for s in found if s["Effect"] == "Allow" for a in s["Action"]}
    # Both lists may have patterns; a pattern of the boundary is here a request that it allows.
    opened = {
        a for a in allowed_here if any(fnmatchcase(a, pattern) for pattern in never["Action"])
    }
    opened |= {action for action in never["Action"] if effects(found, action)}
    assert opened == {"backup:CopyFromBackupVault", "rds:DeleteDBSnapshot"}
    (deleting,) = granting(found, "rds:DeleteDBSnapshot")
    assert all(":snapshot:awsbackup:" in resource for resource in deleting["Resource"])


@EACH_ENVIRONMENT
def test_backups_are_copied_only_to_vaults_of_the_account(
    terraform: Stacks, env: Environment
) -> None:
    """The organisation may allow copies to other accounts, and a deploy writes the backup plans."""

    def copies(account: str) -> bool:
        vault = f"arn:aws:backup:{env.account.region}:{account}:backup-vault:copies"
        return allowed(
            boundary(terraform, env.name),
            "backup:CopyFromBackupVault",
            resource="any",
            request={"aws:RequestedRegion": env.account.region, "backup:CopyTargets": [vault]},
        )

    assert copies(env.account.id)
    assert not copies("999999999999")


@EACH_ENVIRONMENT
def test_roles_act_only_in_the_environments_regions(terraform: Stacks, env: Environment) -> None:
    regions = [region for region in (env.account.region, env.account.backup_copy_region) if region]
    for statement in boundary(terraform, env.name):
        everywhere: dict[str, Any] = statement.get("Condition", {})
        if statement["Effect"] == "Allow" and statement["Resource"] == ["*"] and not everywhere:
            assert all(":Get" in a or ":List" in a or ":Describe" in a for a in statement["Action"])
    (regional,) = granting(boundary(terraform, env.name), "ec2:Describe*")
    assert regional["Condition"] == {"StringEquals": {"aws:RequestedRegion": regions}}
