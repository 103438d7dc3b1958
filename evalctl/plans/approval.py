"""Stands in for `terraform apply` in a deploy: it applies an approved plan, or nothing.

`cdktf deploy` cannot apply a plan that was made earlier, but it runs the program that
TERRAFORM_BINARY_NAME names. That is `.github/scripts/terraform-approved`, which passes `terraform apply`
to this module and all other commands to terraform.
"""

import json
import os
from pathlib import Path

from evalctl.plans.plan_file import NotAPlanError, read
from evalctl.processes import output, run_in_terminal

APPROVED = "APPROVED_PLANS"  # the variable with {"<environment>-<stack>": "<digest>"}
# The options that `cdktf deploy` 0.21 passes to `terraform apply`. Another one, such as -destroy or
# -target, would apply something else than the approved plan.
_PLAN_OPTIONS = ("-no-color", "-parallelism=")
_APPLY_OPTIONS = ("-auto-approve", *_PLAN_OPTIONS)
_PLAN = "approved.tfplan"


class NotApprovedError(Exception):
    """The plan is not approved; nothing was applied."""


def apply(options: list[str], *, folder: Path) -> None:
    """Plan the stack in `folder`, which has the stack's name, and apply that plan if it is approved.

    Raises:
        NotApprovedError: the plan is not the approved one, or there is no approval to read.
        CommandFailedError: terraform failed.
    """
    unexpected = [option for option in options if not option.startswith(_APPLY_OPTIONS)]
    if unexpected:
        raise NotApprovedError(
            f"`terraform apply {' '.join(unexpected)}` is refused: those are not options of a deploy. "
            "Nothing was applied."
        )
    approved = _approved()
    plan_options = [option for option in options if option.startswith(_PLAN_OPTIONS)]
    _terraform(folder, "plan", "-input=false", f"-out={_PLAN}", *plan_options)
    try:
        digest = _digest(folder)
        if digest != approved.get(folder.name):
            raise NotApprovedError(_refusal(folder.name, approved.get(folder.name), digest))
        if digest is not None:
            # Terraform refuses this plan if the state has changed since the plan was made.
            _terraform(folder, "apply", "-input=false", *plan_options, _PLAN)
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
            "workflow `deploy` sets it to the approved plans: run that workflow (docs/delivery.md)."
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


def _refusal(stack: str, approved: str | None, digest: str | None) -> str:
    if digest is None:
        return (
            f"{stack}: the approved changes are not needed any more, because they were made already or "
            "the code changed. Nothing was applied to this stack."
        )
    reason = "no plan was approved" if approved is None else "another plan was approved"
    return (
        f"{stack}: {reason}. The plan above differs, for instance because an earlier stack got new "
        "outputs. Nothing was applied to this stack: run the workflow `deploy` again, review this "
        "plan there, and approve it."
    )


def _terraform(folder: Path, *arguments: str) -> None:
    run_in_terminal(("terraform", *arguments), folder=folder)
