"""Reads IAM policies out of a synthesized stack."""

import json

from tests.support.terraform import Body, Terraform


def statements(stack: Terraform, role: str) -> list[Body]:
    """The statements of a role's inline policy."""
    return _statements(stack.resource("aws_iam_role_policy", f"{role}-policy")["policy"])


def trust_statements(stack: Terraform, role: str) -> list[Body]:
    """The statements of a role's trust policy."""
    return _statements(stack.resource("aws_iam_role", role)["assume_role_policy"])


def granting(found: list[Body], action: str) -> list[Body]:
    """The statements that name an action."""
    return [statement for statement in found if action in statement["Action"]]


def _statements(document: str) -> list[Body]:
    found: list[Body] = json.loads(document)["Statement"]
    return found
