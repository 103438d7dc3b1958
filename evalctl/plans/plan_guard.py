"""Refuses a Terraform plan that would destroy or replace what holds data, unless told to by name."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalctl.plans.plan_file import Action, NotAPlanError, read

# Resources whose loss is a loss of data, or of the way to it.
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
    """One protected resource that the plan would take away."""

    address: str
    what: str
    replaced: bool
    stack: str = ""  # told where several plans are looked at: addresses are unique in one only

    @property
    def name(self) -> str:
        """What `--allow` takes."""
        return f"{self.stack}:{self.address}" if self.stack else self.address

    def __str__(self) -> str:
        action = "replace" if self.replaced else "destroy"
        return f"{self.name}: would {action} {self.what}; to allow it: --allow {self.name}"


def refusals(plan: Path, *, allowed: Collection[str] = ()) -> list[Refusal]:
    """What the plan may not do. `allowed` are addresses whose loss is intended.

    Raises:
        NotAPlanError: the file is not what `terraform show -json PLAN` writes, or an address in
            `allowed` is not lost in this plan (a left-over flag would allow a later loss unseen).
    """
    return _not_allowed(_lost(plan, stack=""), allowed)


def refusals_of_all(plans: Sequence[Path], *, allowed: Collection[str] = ()) -> list[Refusal]:
    """The same of several stacks' plans, each named `<stack>.json`; `allowed` are `stack:address`.

    Raises:
        NotAPlanError: as above, with one of the files, or with all of them.
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
    stray = sorted(set(allowed) - {refusal.name for refusal in lost})
    if stray:
        raise NotAPlanError(f"--allow {', '.join(stray)}: this plan does not take it away; drop it")
    return [refusal for refusal in lost if refusal.name not in allowed]
