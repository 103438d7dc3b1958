"""Summarizes plans as Markdown, for a pull request, an approval or an issue."""

from collections.abc import Mapping
from dataclasses import dataclass

from evalctl.plans.plan_file import Action, Change, Plan
from evalctl.plans.plan_guard import PROTECTED_TYPES, destroys_protected

LIMIT = 60_000  # characters; GitHub refuses a comment or an issue with more than 65,536
_COLUMNS = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)
_OTHERS = (Action.IMPORT, Action.MOVE, Action.FORGET)
_SIGNS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "∓",
    Action.DELETE: "-",
    Action.FORGET: "✗",
    Action.MOVE: "→",
    Action.IMPORT: "←",
}


@dataclass(frozen=True)
class Failed:
    """A plan that could not be made, and the output of terraform."""

    output: str


def summary(
    environment: str,
    plans: Mapping[str, Plan | Failed],
    *,
    by_people: frozenset[str],
    limit: int = LIMIT,
) -> str:
    """One table for all stacks, then the changes of each; stacks are left out to stay within `limit`.

    `by_people` are the stacks that no pipeline may change.
    """
    changed = {stack: plan for stack, plan in plans.items() if _changes(plan)}
    if not changed:
        return f"### {environment}: nothing to change\n\nPlanned: {', '.join(plans)}.\n"
    text = f"### {environment}\n\n{_table(changed)}\n{_warnings(changed, by_people)}"
    for position, (stack, plan) in enumerate(changed.items()):
        part = _details(stack, plan)
        rest = f"\nLeft out for their length: {', '.join(list(changed)[position:])}; see the job's log.\n"
        if len(text) + len(part) + len(rest) > limit:
            return text + rest
        text += part
    unchanged = [stack for stack in plans if stack not in changed]
    return text + (f"\nUnchanged: {', '.join(unchanged)}.\n" if unchanged else "")


def _changes(plan: Plan | Failed) -> bool:
    return isinstance(plan, Failed) or plan.digest is not None


def _table(plans: Mapping[str, Plan | Failed]) -> str:
    lines = [
        f"| stack | {' | '.join(_COLUMNS)} | |",
        f"| --- |{' ---: |' * len(_COLUMNS)} --- |",
    ]
    for stack, plan in plans.items():
        if isinstance(plan, Failed):
            lines.append(f"| {stack} |{' |' * len(_COLUMNS)} **cannot be planned** |")
            continue
        actions = [change.action for change in plan.changes]
        also = [f"{actions.count(one)} to {one}" for one in _OTHERS if one in actions]
        if plan.outputs:
            also.append(f"outputs: {len(plan.outputs)}")
        counts = " | ".join(str(actions.count(column) or "") for column in _COLUMNS)
        lines.append(f"| {stack} | {counts} | {', '.join(also)} |")
    return "\n".join(lines) + "\n"


def _warnings(plans: Mapping[str, Plan | Failed], by_people: frozenset[str]) -> str:
    lost = [
        f"`{stack}`: `{change.address}`, {PROTECTED_TYPES[change.type]}"
        for stack, plan in plans.items()
        if isinstance(plan, Plan)
        for change in plan.changes
        if destroys_protected(change)
    ]
    text = ""
    if lost:
        items = "\n".join(f"> - {item}" for item in lost)
        text += f"\n> [!CAUTION]\n> This destroys what holds data or logs, or all nodes:\n{items}\n"
    if manual := sorted(by_people & set(plans)):
        text += (
            f"\n> [!NOTE]\n> No pipeline may change {' and '.join(f'`{stack}`' for stack in manual)}: "
            "a person applies it (docs/delivery.md).\n"
        )
    return text


def _details(stack: str, plan: Plan | Failed) -> str:
    if isinstance(plan, Failed):
        # Terraform's output cannot close this fence, because it is longer than any fence in it.
        return f"\n<details open><summary>{stack}</summary>\n\n`````text\n{plan.output}\n`````\n</details>\n"
    order = list(_SIGNS)
    changes = sorted(plan.changes, key=lambda change: (-order.index(change.action), change.address))
    lines = "\n".join(
        [*(_line(change) for change in changes), *(f"o output.{name}" for name in plan.outputs)]
    )
    return f"\n<details><summary>{stack}</summary>\n\n`````diff\n{lines}\n`````\n</details>\n"


def _line(change: Change) -> str:
    attributes = f": {', '.join(change.attributes)}" if change.attributes else ""
    return f"{_SIGNS[change.action]} {change.address}{attributes}"
