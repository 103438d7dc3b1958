"""A stand-in for terraform that shows a given plan, and logs its calls."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalctl.plans.plan_file import read

Document = dict[str, Any]

_PROGRAM = """#!/usr/bin/env bash
set -euo pipefail
here=$(dirname "$0")
echo "$*" >> "$here/called"
echo "${TF_CLI_CONFIG_FILE:-} ${TF_CLI_ARGS_init:-}" >> "$here/settings"
if [[ -e "$here/fails" && "$1" == plan ]]; then echo "Error: no credentials" >&2; exit 1; fi
case "$1" in
  plan) for option; do if [[ "$option" == -out=* ]]; then touch "${option#-out=}"; fi; done ;;
  show) cat "$here/plan.json" ;;
  apply) test -e "${!#}" ;;
esac
"""


@dataclass(frozen=True)
class Terraform:
    """The stand-in; `folder` holds nothing else, so that it can be put on the PATH."""

    folder: Path

    @classmethod
    def install(cls, folder: Path) -> "Terraform":
        folder.mkdir()
        program = folder / "terraform"
        program.write_text(_PROGRAM)
        program.chmod(0o755)
        return cls(folder)

    def plans(self, document: Document) -> str | None:
        """Show this plan from now on; returns its digest."""
        file = self.folder / "plan.json"
        file.write_text(json.dumps(document))
        return read(file).digest

    def fails(self) -> None:
        (self.folder / "fails").touch()

    def called(self) -> list[str]:
        return self._logged("called")

    def settings(self) -> list[str]:
        """The CLI configuration and the options of `init`, for each call."""
        return self._logged("settings")

    def _logged(self, name: str) -> list[str]:
        log = self.folder / name
        return log.read_text().splitlines() if log.exists() else []


def plan(*changes: Document, outputs: Document | None = None, env: str = "prod") -> Document:
    tags = {"tags": {"constant_value": {"Environment": env}}}
    return {
        "format_version": "1.2",
        "planned_values": {},
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "expressions": {"default_tags": [tags]}}}
        },
        "resource_changes": list(changes),
        "output_changes": outputs or {},
    }


def change(
    address: str,
    *actions: str,
    before: object = None,
    after: object = None,
    after_unknown: object = None,
) -> Document:
    return {
        "address": address,
        "mode": "managed",
        "type": address.partition(".")[0],
        "change": {
            "actions": list(actions),
            "before": before,
            "after": after,
            "after_unknown": after_unknown or {},
        },
    }
