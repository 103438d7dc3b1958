"""Values that exist only while Terraform runs: never in the state, a plan file or an output.

cdktf 0.21 has no ephemeral blocks, so they are written through its escape hatch. Terraform sends a
write-only argument only when the argument's version number changes.

Terraform reads no stored value back, so a plan needs no right to read secrets.
"""

import json

import cdktf

from stacks import aws

PASSWORD_LENGTH = 40


def new_password(stack: cdktf.TerraformStack, id_: str) -> str:
    """A reference to a password that each plan and each apply generates, for write-only arguments.

    Within one apply all references with the same id have the same value.
    """
    # Letters and digits only, so that the password fits into JSON, a connection string and an
    # environment variable without escaping.
    stack.add_override(
        f"ephemeral.aws_secretsmanager_random_password.{id_}",
        {"password_length": PASSWORD_LENGTH, "exclude_punctuation": True},
    )
    return f"${{ephemeral.aws_secretsmanager_random_password.{id_}.random_password}}"


def store_new_secret(
    stack: cdktf.TerraformStack,
    id_: str,
    *,
    secret_arn: str,
    fields: dict[str, str],
    generated_field: str = "password",
    rotation: int = 1,
) -> aws.SecretsmanagerSecretVersion:
    """Write `fields` and one new password into a secret, as JSON.

    It is written once. A higher `rotation` writes it again, with another password.
    """
    return aws.SecretsmanagerSecretVersion(
        stack,
        id_,
        secret_id=secret_arn,
        secret_string_wo=json.dumps(fields | {generated_field: new_password(stack, id_)}),
        secret_string_wo_version=rotation,
    )


def store_connection(
    stack: cdktf.TerraformStack, id_: str, *, secret_arn: str, fields: dict[str, str]
) -> aws.SecretsmanagerSecretVersion:
    """Write how to connect to a store into a secret, as JSON, and again whenever that changes."""
    contents = cdktf.Fn.join("|", list(fields.values()))
    fingerprint = cdktf.Fn.parseint(cdktf.Fn.substr(cdktf.Fn.sha256(contents), 0, 7), 16)
    return aws.SecretsmanagerSecretVersion(
        stack,
        id_,
        secret_id=secret_arn,
        secret_string_wo=json.dumps(fields),
        secret_string_wo_version=cdktf.Token.as_number(fingerprint),
    )
