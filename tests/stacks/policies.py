"""Reads IAM policies out of a synthesized stack, and evaluates requests by them as IAM does."""

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

from tests.support.terraform import Body, Terraform

Request = Mapping[str, str | list[str]]  # condition keys and their values; a key may be missing


def statements(stack: Terraform, role: str) -> list[Body]:
    """The statements of a role's inline policy."""
    return _statements(stack.resource("aws_iam_role_policy", f"{role}-policy")["policy"])


def boundary_statements(stack: Terraform) -> list[Body]:
    """The statements of the permissions boundary, which the state stack makes."""
    return _statements(stack.only("aws_iam_policy")["policy"])


def trust_statements(stack: Terraform, role: str) -> list[Body]:
    """The statements of a role's trust policy."""
    return _statements(stack.resource("aws_iam_role", role)["assume_role_policy"])


def granting(found: list[Body], action: str) -> list[Body]:
    """The statements that name an action."""
    return [statement for statement in found if action in statement["Action"]]


def allowed(found: list[Body], action: str, *, resource: str, request: Request) -> bool:
    """IAM's decision on a request: a denial wins, and what no statement allows is denied.

    Source: IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements: Condition operators".
    """
    effects = {
        statement["Effect"]
        for statement in found
        if any(fnmatchcase(action, pattern) for pattern in statement["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        and all(
            _holds(operator, request.get(key), wanted)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    }
    return effects == {"Allow"}


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringLike": fnmatchcase,
    "ArnLike": fnmatchcase,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
}


def _holds(operator: str, value: str | list[str] | None, wanted: str | list[str]) -> bool:
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if operator == "Null":
        return wanted == ["true" if value is None else "false"]
    of_a_set, _, name = operator.rpartition(":")
    negated = "Not" in name
    compare = _COMPARE[name.replace("Not", "").removesuffix("IfExists")]
    if value is None:
        # "ForAnyValue" needs a value; otherwise a negated operator holds without one.
        return not of_a_set and (negated or name.endswith("IfExists"))
    assert of_a_set == ("ForAnyValue" if isinstance(value, list) else ""), operator
    values = [value] if isinstance(value, str) else value
    return any(any(compare(one, other) for other in wanted) is not negated for one in values)


def _statements(document: str) -> list[Body]:
    found: list[Body] = json.loads(document)["Statement"]
    return found
