"""Refuses a plan that would destroy or replace what holds data, unless the resource is allowed by name."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalctl.plans.plan_file import Action, NotAPlanError, read

# Resources that hold data, or without which data cannot be read.
PROTECTED_TYPES = {
    "aws_backup_vault": "a backup vault",
    "aws_db_instance": "a database",
    "aws_ebs_volume": "a data volume",
    "aws_ecr_repository": "an image repository",
    "aws_eks_cluster": "the cluster",
    "aws_elasticache_replication_group": "the queue",
    "aws_kms_key": "an encryption key",
    "aws_s3_bucket": "a bucket",
    "aws_secretsmanager_secret": "a secret",
}


@dataclass(frozen=True)
class Refusal:
    """A protected resource that the plan would destroy or replace."""

    address: str
    what: str
    replaced: bool
    stack: str = (
        ""  # set when there are several plans, because an address is unique only in its own
    )

    @property
    def name(self) -> str:
        """The argument of `--allow` for it."""
        return f"{self.stack}:{self.address}" if self.stack else self.address

    def __str__(self) -> str:
        action = "replace" if self.replaced else "destroy"
        return f"{self.name}: would {action} {self.what}; to allow it: --allow {self.name}"


def refusals(plan: Path, *, allowed: Collection[str] = ()) -> list[Refusal]:
    """The resources that the plan may not destroy or replace; `allowed` are addresses that it may.

    Raises:
        NotAPlanError: the file is not what `terraform show -json PLAN` writes, or the plan does not
            destroy an address in `allowed` (a flag that is left over would allow a later loss unseen).
    """
    return _not_allowed(_lost(plan, stack=""), allowed)


def refusals_of_all(plans: Sequence[Path], *, allowed: Collection[str] = ()) -> list[Refusal]:
    """The same for plans of several stacks, each named `<stack>.json`; `allowed` are `stack:address`.

    Raises:
        NotAPlanError: as above, for one of the files.
    """
    lost = [refusal for plan in plans for refusal in _lost(plan, stack=plan.stem)]
    return _not_allowed(lost, allowed)


def _lost(plan: Path, *, stack: str) -> list[Refusal]:
    return [
        Refusal(
            change.address, PROTECTED_TYPES[change.type], change.action is Action.REPLACE, stack
        )
        for change in read(plan).changes
        if change.type in PROTECTED_TYPES and change.action in (Action.DELETE, Action.REPLACE)
    ]


def _not_allowed(lost: list[Refusal], allowed: Collection[str]) -> list[Refusal]:
    unused = sorted(set(allowed) - {refusal.name for refusal in lost})
    if unused:
        raise NotAPlanError(
            f"--allow {', '.join(unused)}: the plan does not destroy or replace it; remove the option"
        )
    return [refusal for refusal in lost if refusal.name not in allowed]
