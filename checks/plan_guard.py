"""Refuses a Terraform plan that would destroy or replace what holds data, unless told to by name."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

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
FORMAT_VERSIONS = ("1.",)  # of `terraform show -json`; the major says what may be relied on


class NotAPlanError(ValueError):
    """The file is not a plan in Terraform's JSON."""


@dataclass(frozen=True)
class Refusal:
    """One protected resource that the plan would take away."""

    address: str
    what: str
    replaced: bool

    def __str__(self) -> str:
        action = "replace" if self.replaced else "destroy"
        return f"{self.address}: would {action} {self.what}; to allow it: --allow {self.address}"


class _Actions(TypedDict):
    actions: list[str]


class _Change(TypedDict):
    address: str
    type: str
    mode: str
    change: _Actions


def refusals(plan: Path, *, allowed: Collection[str] = ()) -> list[Refusal]:
    """What the plan may not do. `allowed` are addresses whose loss is intended.

    Raises:
        NotAPlanError: the file is not what `terraform show -json PLAN` writes, or an address in
            `allowed` is not lost in this plan (a left-over flag would allow a later loss unseen).
    """
    changes = _changes(plan)
    lost = [
        Refusal(change["address"], PROTECTED_TYPES[change["type"]], "create" in actions)
        for change in changes
        if change["type"] in PROTECTED_TYPES
        and change["mode"] == "managed"
        and "delete" in (actions := change["change"]["actions"])
    ]
    stray = sorted(set(allowed) - {refusal.address for refusal in lost})
    if stray:
        raise NotAPlanError(f"--allow {', '.join(stray)}: this plan does not take it away; drop it")
    return [refusal for refusal in lost if refusal.address not in allowed]


def _changes(plan: Path) -> list[_Change]:
    try:
        document = json.loads(plan.read_text())
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NotAPlanError(f"{plan} cannot be read as JSON: {error}") from error
    if not isinstance(document, dict) or not str(document.get("format_version", "")).startswith(
        FORMAT_VERSIONS
    ):
        raise NotAPlanError(f"{plan} is not a plan; write it with `terraform show -json PLANFILE`")
    if document.get("errored"):
        raise NotAPlanError(f"{plan} is of a plan that failed; plan again")
    if "planned_values" not in document:
        raise NotAPlanError(f"{plan} is a state, not a plan; show the plan file")
    changes: list[_Change] = document.get("resource_changes", [])
    return changes
