"""The terraform that cdktf runs in a deploy: it applies a plan that was approved, or nothing.

`cdktf deploy` cannot take a plan that was made before. It starts whatever TERRAFORM_BINARY_NAME names;
`.github/scripts/terraform-approved` hands `terraform apply` to this module, and all else to terraform.
"""

import json
import os
from pathlib import Path

from evalctl.plans.plan_file import NotAPlanError, read
from evalctl.processes import output, run_in_terminal

APPROVED = "APPROVED_PLANS"  # the variable with {"<environment>-<stack>": "<digest>"}
# What `cdktf deploy` 0.21 gives `terraform apply`. Another option, such as -destroy or -target, would
# ask for another plan than the approved one.
_PLAN_OPTIONS = ("-no-color", "-parallelism=")
_APPLY_OPTIONS = ("-auto-approve", *_PLAN_OPTIONS)
_PLAN = "approved.tfplan"


class NotApprovedError(Exception):
    """Nothing was applied; the message says why, and what to do."""


def apply(options: list[str], *, folder: Path) -> None:
    """Plan the stack in `folder`, which is named after it, and apply that plan if it is approved.

    Raises:
        NotApprovedError: the plan is another one than the approved, or there is no approval to read.
        CommandFailedError: terraform failed.
    """
    strange = [option for option in options if not option.startswith(_APPLY_OPTIONS)]
    if strange:
        raise NotApprovedError(f"terraform apply {' '.join(strange)} is not a deploy.")
    approved = _approved()
    kept = [option for option in options if option.startswith(_PLAN_OPTIONS)]
    _terraform(folder, "plan", "-input=false", f"-out={_PLAN}", *kept)
    try:
        digest = _digest(folder)
        if digest != approved.get(folder.name):
            raise NotApprovedError(_why(folder.name, approved.get(folder.name), digest))
        if digest is not None:
            # Terraform itself refuses it if the state has changed since the plan was made.
            _terraform(folder, "apply", "-input=false", *kept, _PLAN)
    finally:
        (folder / _PLAN).unlink(missing_ok=True)


def _approved() -> dict[str, str]:
    text = os.environ.get(APPROVED, "")
    try:
        approved = json.loads(text)
    except json.JSONDecodeError:
        approved = None
    if not isinstance(approved, dict):
        raise NotApprovedError(
            f"{APPROVED} holds no approval: it is {text!r}, not {{STACK: DIGEST}}. Nothing was applied. The "
            "workflow `deploy` sets it to what somebody approved: run that (docs/delivery.md)."
        )
    return approved


def _digest(folder: Path) -> str | None:
    shown = folder / f"{_PLAN}.json"
    try:
        command = ("terraform", "show", "-json", _PLAN)
        shown.write_text(output(command, folder=folder, seconds=None), encoding="utf-8")
        return read(shown).digest
    except NotAPlanError as error:
        raise NotApprovedError(str(error)) from error
    finally:
        shown.unlink(missing_ok=True)


def _why(stack: str, approved: str | None, digest: str | None) -> str:
    if digest is None:
        return (
            f"{stack}: what was approved is not to be done any more; somebody else did it, or the code "
            "changed. Nothing was applied to it."
        )
    what = "nothing was approved" if approved is None else "another plan was approved"
    return (
        f"{stack}: {what}. The plan above is what would be done now, for instance because a stack "
        "before it got new outputs. Nothing was applied to it: run the workflow `deploy` again, look "
        "at this plan there, and approve it."
    )


def _terraform(folder: Path, *arguments: str) -> None:
    run_in_terminal(("terraform", *arguments), folder=folder)
