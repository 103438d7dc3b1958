"""A copy of one rendered stack, with an override file for what must differ from production."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments.names import LOCK_FILE, TERRAFORM_FILE, Stack
from evalctl.rehearsal.emulator import EmulatedAws, require_loopback

Document = dict[str, Any]

# Terraform merges files with this suffix into the others (language reference, "Override files").
OVERRIDE = "rehearsal_override.tf.json"


@dataclass(frozen=True)
class WorkingDirectory:
    """The folder in which terraform runs for one stack."""

    stack: Stack
    folder: Path

    @property
    def synthesized(self) -> Document:
        document: Document = json.loads((self.folder / TERRAFORM_FILE).read_text())
        return document

    @property
    def dependencies(self) -> frozenset[Stack]:
        """The stacks whose states this stack reads."""
        states = self.synthesized.get("data", {}).get("terraform_remote_state", {}).values()
        return frozenset(Stack(state["config"]["key"].removesuffix(".tfstate")) for state in states)

    def override(self, aws: EmulatedAws, *, local_state: bool, unprotected: bool = False) -> None:
        """Point the provider, the state and the other stacks' states at the emulator.

        `unprotected` also lifts the protection of data against a destroy, for a teardown.
        """
        document = _override(self.synthesized, aws, local_state=local_state)
        if unprotected and (resources := _without_protection(self.synthesized)):
            document["resource"] = resources
        (self.folder / OVERRIDE).write_text(json.dumps(document, indent=2))


def copy_stack(rendered: Path, stack: Stack, scratch: Path) -> WorkingDirectory:
    """Copy `rendered/<env>/terraform/<stack>` below `scratch`, unmodified."""
    folder = scratch / stack
    folder.mkdir()
    for name in (TERRAFORM_FILE, LOCK_FILE):
        shutil.copy(rendered / "terraform" / stack / name, folder)
    return WorkingDirectory(stack, folder)


def copy_stacks(rendered: Path, scratch: Path) -> dict[Stack, WorkingDirectory]:
    """Copy all stacks of `rendered/<env>`."""
    return {stack: copy_stack(rendered, stack, scratch) for stack in Stack}


def _override(synthesized: Document, aws: EmulatedAws, *, local_state: bool) -> Document:
    require_loopback(aws.url)
    state = {
        "endpoints": {"s3": aws.url, "sts": aws.url, "iam": aws.url},
        "use_path_style": True,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
    }
    provider = {
        "s3_use_path_style": True,
        # The provider's default is 25, with doubled pauses: an error of the emulator must be reported soon.
        "max_retries": 3,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
    }
    backend = synthesized["terraform"]["backend"]["s3"]
    others = synthesized.get("data", {}).get("terraform_remote_state", {})
    document: Document = {
        "provider": {
            "aws": [
                provider | {key: configured[key] for key in ("alias",) if key in configured}
                for configured in synthesized["provider"]["aws"]
            ]
        },
        "terraform": {"backend": {"local": {}} if local_state else {"s3": backend | state}},
    }
    if others:  # Terraform refuses an empty block
        document["data"] = {
            "terraform_remote_state": {
                name: {"config": other["config"] | state} for name, other in others.items()
            }
        }
    return document


def _without_protection(synthesized: Document) -> Document:
    resources: Document = {}
    for type_, named in synthesized["resource"].items():
        for name, body in named.items():
            if body.get("lifecycle", {}).get("prevent_destroy"):
                changed: Document = {"lifecycle": {"prevent_destroy": False}}
            elif body.get("deletion_protection"):
                changed = {"deletion_protection": False, "apply_immediately": True}
            else:
                continue
            resources.setdefault(type_, {})[name] = changed
    return resources
