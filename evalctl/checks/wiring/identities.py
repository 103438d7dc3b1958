"""Identities: Pod Identity associations and service accounts, roles and who uses them, policies and resources."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from environments.names import DeliveryRole
from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.kubernetes import called, chart_values, pods
from evalctl.parsed.node import Node
from evalctl.parsed.terraform import Resource, references, resources, target

# Service accounts that EKS' add-ons make.
_ADDONS_ACCOUNTS = {
    ("kube-system", "aws-node"): "vpc-cni",
    ("kube-system", "ebs-csi-controller-sa"): "aws-ebs-csi-driver",
}
_TAG = "aws:RequestTag/kubernetes-"


@check(
    title="Each Pod Identity association names a service account that pods use, and a role that trusts it",
    rests_on="aws_eks_pod_identity_association; ServiceAccounts of apps, charts and EKS' add-ons; trust policies",
)
def pod_identities(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    addons = {each["addon_name"].text(): each for each in resources(env, "aws_eks_addon")}
    for association in resources(env, "aws_eks_pod_identity_association"):
        name, namespace = association["service_account"], association["namespace"]
        account = _account(subject, namespace.text(), name.text(), addons)
        yield require(
            name,
            account is not None,
            f"no pod has this account in {namespace.text()}",
            other=account,
        )
        role = target(env, association, "role_arn")
        if role is None:
            yield Finding(association["role_arn"], "the stack has no such role")
            continue
        for statement in role["assume_role_policy"].document()["Statement"].items():
            for tag, wanted in (("namespace", namespace), ("service-account", name)):
                trusted = statement.at("Condition", "StringEquals", f"{_TAG}{tag}")
                yield require(
                    trusted,
                    trusted.value == wanted.value,
                    "the role trusts another account",
                    other=wanted,
                )


def _account(
    subject: Subject, namespace: str, name: str, addons: dict[str, Resource]
) -> Node | None:
    addon = addons.get(_ADDONS_ACCOUNTS.get((namespace, name), ""))
    if addon is not None:
        return addon["addon_name"]
    for application, values in chart_values(subject.env):
        there = application.at("spec", "destination", "namespace").value == namespace
        for node in values.walk():
            if there and node.path[-2:] == ("serviceAccount", "name") and node.value == name:
                return node
    if called(subject.env, "ServiceAccount", name, namespace=namespace) is None:
        return None
    for owner in pods(subject.env):
        if owner.namespace == namespace and owner.spec["serviceAccountName"].value == name:
            return owner.spec["serviceAccountName"]
    return None


@check(
    title="Each pod's service account exists",
    rests_on="serviceAccountName of Deployments and Jobs; ServiceAccounts",
)
def service_accounts(subject: Subject) -> Iterator[Finding]:
    for owner in pods(subject.env):
        name = owner.spec["serviceAccountName"]
        account = called(subject.env, "ServiceAccount", name.text_or(""), namespace=owner.namespace)
        other = account["metadata"]["name"] if account is not None else None
        yield require(name, account is not None, "the namespace has no such account", other=other)


def _statements(subject: Subject) -> Iterator[tuple[Resource, Node]]:
    """The statements of the policies of roles; those of keys and buckets name their own resource."""
    for policy in resources(subject.env, "aws_iam_role_policy", "aws_iam_policy"):
        for statement in policy["policy"].document()["Statement"].items():
            yield policy, statement


@check(
    title="No statement allows every action of a service on every resource",
    rests_on="actions, resources and conditions of the policies of roles",
)
def iam_wildcards(subject: Subject) -> Iterator[Finding]:
    for _, statement in _statements(subject):
        if statement["Effect"].value != "Allow":
            continue
        actions, where = statement["Action"], statement["Resource"]
        all_ = [action for action in actions.texts() if action == "*" or action.endswith(":*")]
        bounded = "*" not in where.texts() or statement["Condition"].present
        everything = "*" in actions.texts()
        yield require(
            actions,
            not everything and (not all_ or bounded),
            f"{', '.join(all_[:3])} on every resource, without a condition",
            other=where,
        )
        forbidden = (
            statement["NotAction"] if statement["NotAction"].present else statement["NotResource"]
        )
        yield require(forbidden, not forbidden.present, "an Allow must list what it allows")


@check(
    title="Each bucket, role, key and entry that a policy names exists",
    rests_on="references and ARNs of this account in policies, ConfigMaps' buckets; the stacks' resources and outputs",
)
def policy_resources(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    names = _names(subject)
    for policy in resources(env, "aws_iam_role_policy", "aws_iam_policy", "aws_s3_bucket_policy"):
        text = policy["policy"]
        for reference in references(env, policy.stack, text.text()):
            other = reference.resource.body if reference.resource is not None else None
            yield require(
                Node(text.source, text.path, reference.name),
                other is not None,
                "no stack makes this",
                other=other and _short(other),
            )
        for statement in text.document()["Statement"].items():
            where = statement["Resource"]
            for place in where.items() if isinstance(where.value, list) else [where]:
                pattern = _name_in(place.text())
                if pattern is not None:
                    found = next((node for name, node in names if fnmatchcase(name, pattern)), None)
                    yield require(place, found is not None, "no stack makes this", other=found)
    buckets = {name: node for name, node in names if node.path[-1] == "bucket"}
    for config in env.below("k8s"):
        if config["kind"].value == "ConfigMap":
            for key, value in config["data"].entries():
                if key.endswith("_BUCKET"):
                    found = buckets.get(value.text())
                    yield require(
                        value, found is not None, "no stack makes this bucket", other=found
                    )


def _short(body: Node) -> Node:
    """The resource's address as the other end; its whole body would not fit in a line."""
    return Node(body.source, body.path, ".".join(map(str, body.path[-2:])))


def _names(subject: Subject) -> list[tuple[str, Node]]:
    """The names by which ARNs name resources."""
    found = []
    for resource in resources(
        subject.env,
        *("aws_s3_bucket", "aws_iam_role", "aws_iam_policy", "aws_secretsmanager_secret"),
        *("aws_kms_alias", "aws_iam_instance_profile", "aws_backup_vault"),
    ):
        node = resource["bucket"] if resource.type == "aws_s3_bucket" else resource["name"]
        found.append((node.text(), node))
    return found


def _name_in(arn: str) -> str | None:
    """The name, as a pattern, in an ARN of a bucket, a role, a policy, an entry or an alias."""
    for form in (
        r"arn:aws:s3:::([^/$]+)(?:/.*)?",
        r"arn:aws:iam::\d+:(?:role|policy|instance-profile)/(?!aws-service-role/)([^$]+)",
        r"arn:aws:secretsmanager:[^:]*:\d+:secret:([^$]+?)(?:-\?{6})?",
        r"arn:aws:kms:[^:]*:\d+:(alias/[^$]+)",
    ):
        if match := re.fullmatch(form, arn):
            return match[1]
    return None


@check(
    title="Each role is used and has a policy, and each policy belongs to a role",
    rests_on="roles and what names them: associations, profiles, clusters, node groups, logs, backups, stores, policies to assume them; the delivery roles",
)
def iam_used(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    users: dict[tuple[str, str], Node] = {}
    assumable: dict[str | None, Node] = {}  # by another role, with its policy
    for resource in resources(env):
        if resource.type in (
            "aws_iam_role",
            "aws_iam_role_policy",
            "aws_iam_role_policy_attachment",
        ):
            continue
        for reference in references(env, resource.stack, json.dumps(resource.body.value)):
            found = reference.resource
            if found is not None and found.type == "aws_iam_role":
                users[found.stack, found.address] = _short(resource.body)
    for policy, statement in _statements(subject):
        if policy.type == "aws_iam_role_policy" and "sts:AssumeRole" in statement["Action"].texts():
            assumable |= {
                _name_in(arn): statement["Resource"] for arn in statement["Resource"].texts()
            }
    for role in resources(env, "aws_iam_role"):
        # AWS Backup names this one in a restore, which a person starts.
        by_people = role.id in [*(f"{each}-role" for each in DeliveryRole), "restore-role"]
        user = users.get((role.stack, role.address)) or assumable.get(role["name"].text())
        yield require(
            role["name"], by_people or user is not None, "nothing uses this role", other=user
        )
    bound = set()
    for policy in resources(env, "aws_iam_role_policy", "aws_iam_role_policy_attachment"):
        found = target(env, policy, "role")
        other = found["name"] if found is not None else None
        yield require(policy["role"], found is not None, "the stack has no such role", other=other)
        bound.add((policy.stack, found.address if found is not None else None))
    for role in resources(env, "aws_iam_role"):
        has_one = (role.stack, role.address) in bound
        yield require(role["name"], has_one, "this role has no policy, so it may do nothing")
