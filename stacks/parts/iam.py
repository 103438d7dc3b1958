"""IAM policy documents as typed statements, written out as the JSON that AWS reads."""

import json
from dataclasses import dataclass

import cdktf
import constructs

from environments.names import Names
from stacks import aws

Conditions = dict[str, dict[str, str | list[str]]]  # operator → key → value, as IAM nests them


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy."""

    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)  # a key or bucket policy names its own resource as "*"
    conditions: Conditions | None = None
    principals: dict[str, str | list[str]] | None = None  # only in policies attached to a resource
    deny: bool = False


def policy(*statements: Statement) -> str:
    """The policy document. Terraform tokens inside the statements stay references."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [_document(statement) for statement in statements]}
    )


def _document(statement: Statement) -> dict[str, object]:
    document: dict[str, object] = {
        "Effect": "Deny" if statement.deny else "Allow",
        "Action": list(statement.actions),
    }
    if statement.principals is not None:
        document["Principal"] = statement.principals
    if statement.resources:
        document["Resource"] = list(statement.resources)
    if statement.conditions is not None:
        document["Condition"] = statement.conditions
    return document


def regions(names: Names) -> list[str]:
    """Where an environment may have anything; for conditions on `aws:RequestedRegion`."""
    account = names.env.account
    return [account.region, *([account.backup_copy_region] if account.backup_copy_region else [])]


def trust(
    *principals: str,
    actions: tuple[str, ...] = ("sts:AssumeRole",),
    conditions: Conditions | None = None,
) -> str:
    """A trust policy for AWS services, as in `trust("ec2.amazonaws.com")`."""
    return policy(
        Statement(
            actions=actions,
            resources=(),
            principals={"Service": list(principals)},
            conditions=conditions,
        )
    )


@dataclass(frozen=True)
class ServiceRole:
    """A role and its policies.

    A resource with the role's ARN or name waits for the role and not for its policies. So each resource
    that acts with the role depends on `permissions`: it has the rights from its first minute, and a
    destroy deletes it before its rights. tests/stacks/test_order.py checks it.
    """

    arn: str
    name: str
    permissions: tuple[cdktf.ITerraformDependable, ...]


def service_role(
    scope: constructs.Construct,
    id_: str,
    *,
    names: Names,
    name: str,
    trust_policy: str,
    statements: tuple[Statement, ...] = (),
    managed_policies: tuple[str, ...] = (),
) -> ServiceRole:
    """A role with its permissions inline, and AWS-managed policies by name where AWS requires them.

    `permissions_boundary.py` limits the role, whatever these policies allow.
    """
    role = aws.IamRole(
        scope,
        id_,
        name=name,
        assume_role_policy=trust_policy,
        permissions_boundary=names.boundary_arn,
    )
    permissions: list[cdktf.ITerraformDependable] = [
        aws.IamRolePolicyAttachment(
            scope,
            f"{id_}-{managed.rpartition('/')[2]}",
            role=role.name,
            policy_arn=f"arn:aws:iam::aws:policy/{managed}",
        )
        for managed in managed_policies
    ]
    if statements:
        permissions.append(
            aws.IamRolePolicy(
                scope, f"{id_}-policy", name=name, role=role.name, policy=policy(*statements)
            )
        )
    return ServiceRole(role.arn, role.name, tuple(permissions))
