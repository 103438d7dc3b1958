"""Backups: what selections name exists, and each plan is used."""

import re
from collections.abc import Iterator

from environments.names import Stack
from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.node import Node
from evalctl.parsed.terraform import references, resources, target


@check(
    title="Each backup selection names what exists, and each plan and vault is used",
    rests_on="aws_backup_selection, its resources and its plan; vaults in the plans' rules",
)
def backup_selections(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    buckets = {
        bucket["bucket"].text(): bucket["bucket"] for bucket in resources(env, "aws_s3_bucket")
    }
    used = set()
    for selection in resources(env, "aws_backup_selection"):
        plan = target(env, selection, "plan_id")
        if plan is not None:
            used.add(plan.address)
        yield require(selection["plan_id"], plan is not None, "there is no such plan")
        for node in selection["resources"].items():
            yield _exists(subject, selection.stack, node, buckets)
    for plan in resources(env, "aws_backup_plan"):
        yield require(plan["name"], plan.address in used, "no selection uses this plan")
        for rule in plan["rule"].items():
            vaults = [rule["target_vault_name"]]
            vaults += [copy["destination_vault_arn"] for copy in rule["copy_action"].items()]
            for node in vaults:
                found = next(references(env, plan.stack, node.text()), None)
                yield require(
                    node, found is not None and found.resource is not None, "there is no such vault"
                )


def _exists(subject: Subject, stack: Stack, node: Node, buckets: dict[str, Node]) -> Finding:
    bucket = re.fullmatch(r"arn:aws:s3:::(.+)", node.text())
    if bucket:
        found = buckets.get(bucket[1])
        return require(node, found is not None, "no stack makes this bucket", other=found)
    reference = next(references(subject.env, stack, node.text()), None)
    resource = reference.resource if reference is not None else None
    other = Node(resource.body.source, resource.body.path, resource.address) if resource else None
    return require(node, resource is not None, "no stack makes this", other=other)
