"""Refuses a plan that may lose data, logs or all nodes, unless the resource is allowed by name.

Data is lost where what holds it is destroyed or replaced, and where an empty ClickHouse node is added
beside nodes with data: its Keeper must join theirs, step by step. A plan that takes protection from data,
or that shortens or stops a log, only prepares a loss; it is refused as well. A node group may be replaced
only if its successor exists before it goes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from environments.names import ENVIRONMENT_TAG
from evalctl.plans.plan_file import Action, Change, NotAPlanError, read
from evalctl.plans.protections import Weakened, weakened

_NODE_GROUP = "aws_eks_node_group"
# Resources that hold data or logs, that write logs, or without which data cannot be read.
PROTECTED_TYPES = {
    "aws_backup_vault": "a backup vault",
    "aws_backup_vault_lock_configuration": "the lock of a backup vault",
    "aws_cloudtrail": "an audit log",
    "aws_cloudwatch_log_group": "a log group",
    "aws_db_instance": "a database",
    "aws_ebs_volume": "a data volume",
    "aws_ecr_repository": "an image repository",
    "aws_eks_cluster": "the cluster",
    _NODE_GROUP: "the nodes before others exist",
    "aws_elasticache_replication_group": "the queue",
    "aws_flow_log": "the network's flow log",
    "aws_kms_key": "an encryption key",
    "aws_s3_bucket": "a bucket",
    "aws_s3_bucket_logging": "a bucket's access log",
    "aws_s3_bucket_versioning": "a bucket's versioning",
    "aws_secretsmanager_secret": "a secret",
}
# One empty volume beside others is a new ClickHouse node, or a node that lost its volume.
_NODES_VOLUME = "aws_ebs_volume"
_PAGE = "docs/clickhouse.md"


@dataclass(frozen=True)
class Refusal:
    """A protected resource that would be destroyed, replaced or weakened, or an empty one beside others."""

    address: str
    what: str
    action: Action
    stack: str = (
        ""  # set when there are several plans, because an address is unique only in its own
    )
    weakened: tuple[Weakened, ...] = ()

    @property
    def name(self) -> str:
        """The argument of `--allow` for it."""
        return f"{self.stack}:{self.address}" if self.stack else self.address

    def __str__(self) -> str:
        would = f"{self.name}: would {'weaken' if self.weakened else self.action} {self.what}"
        if self.weakened:
            would += f" ({'; '.join(map(str, self.weakened))})"
        if self.adds:
            would += f" for a ClickHouse node beside others; follow the steps in {_PAGE}"
        return f"{would}; to allow it: --allow {self.name}"

    @property
    def adds(self) -> bool:
        """Whether nothing is destroyed, and the data of others is at risk."""
        return self.action is Action.CREATE

    @property
    def turns_off_deletion_protection(self) -> bool:
        """Whether the environment protected its data until now."""
        return any(part.turns_off_deletion_protection for part in self.weakened)


def environment_of(plans: Sequence[Path]) -> str:
    """The name of the environment that the plans are of.

    Raises:
        NotAPlanError: a plan names none, or they name several.
    """
    names: dict[str, list[Path]] = {}
    for plan in plans:
        found = read(plan).environments
        if not found:
            raise NotAPlanError(
                f"{plan} names no environment: neither its provider nor a resource has the tag "
                f"{ENVIRONMENT_TAG}. Plan a stack below rendered/."
            )
        for name in found:
            names.setdefault(name, []).append(plan)
    if len(names) > 1:
        listed = "; ".join(f"{name}: {', '.join(map(str, names[name]))}" for name in sorted(names))
        raise NotAPlanError(f"The plans are of several environments; nothing was checked. {listed}")
    (name,) = names
    return name


def refusals(plan: Path, *, allowed: Collection[str] = ()) -> list[Refusal]:
    """The resources that the plan may not destroy, replace, weaken or add; `allowed` are addresses that it may.

    Raises:
        NotAPlanError: the file is not what `terraform show -json PLAN` writes, or an address in
            `allowed` is none of these (a flag that is left over would allow a later loss unseen).
    """
    return _not_allowed(_at_risk(plan, stack=""), allowed)


def refusals_of_all(plans: Sequence[Path], *, allowed: Collection[str] = ()) -> list[Refusal]:
    """The same for plans of several stacks, each named `<stack>.json`; `allowed` are `stack:address`.

    Raises:
        NotAPlanError: as above, for one of the files.
    """
    found = [refusal for plan in plans for refusal in _at_risk(plan, stack=plan.stem)]
    return _not_allowed(found, allowed)


def destroys_protected(change: Change) -> bool:
    """Whether data is lost, or nodes go before others exist."""
    if change.type == _NODE_GROUP and change.successor_first:
        return False
    return change.type in PROTECTED_TYPES and change.action in (Action.DELETE, Action.REPLACE)


def _at_risk(plan: Path, *, stack: str) -> list[Refusal]:
    read_plan = read(plan)

    def loses(change: Change) -> bool:
        if change.action is Action.CREATE:
            return change.type == _NODES_VOLUME and _NODES_VOLUME in read_plan.kept_types
        return destroys_protected(change)

    return [
        Refusal(
            change.address,
            PROTECTED_TYPES.get(change.type, f"a resource of type {change.type}"),
            change.action,
            stack,
            weakened(change),
        )
        for change in read_plan.changes
        if loses(change) or weakened(change)
    ]


def _not_allowed(found: list[Refusal], allowed: Collection[str]) -> list[Refusal]:
    unused = sorted(set(allowed) - {refusal.name for refusal in found})
    if unused:
        raise NotAPlanError(
            f"--allow {', '.join(unused)}: the plan does not destroy, replace, weaken or add it; remove the option"
        )
    return [refusal for refusal in found if refusal.name not in allowed]
