"""Values that exist only while Terraform runs: never in the state, a plan file or an output.

cdktf 0.21 has no ephemeral blocks, so they are written through its escape hatch.
"""

import cdktf

from stacks.aws import SecretsmanagerSecretVersion

PASSWORD_LENGTH = 40


def store_new_secret(
    stack: cdktf.TerraformStack,
    id_: str,
    *,
    secret_arn: str,
    fields: dict[str, str],
    generated_field: str = "password",
    rotation: int = 1,
) -> SecretsmanagerSecretVersion:
    """Write `fields` and one generated password into a secret, as JSON, when it has no value yet.

    Terraform sends the value only when `rotation` changes: raising it writes a new password.
    """
    stack.add_override(
        f"ephemeral.aws_secretsmanager_random_password.{id_}",
        {"password_length": PASSWORD_LENGTH, "exclude_punctuation": True},
    )
    password = f"ephemeral.aws_secretsmanager_random_password.{id_}.random_password"
    entries = [f"{name} = {_hcl(value)}" for name, value in fields.items()]
    return SecretsmanagerSecretVersion(
        stack,
        id_,
        secret_id=secret_arn,
        secret_string_wo=(
            "${jsonencode({" + ", ".join([*entries, f"{generated_field} = {password}"]) + "})}"
        ),
        secret_string_wo_version=rotation,
    )


def read_stored_secret(
    stack: cdktf.TerraformStack, id_: str, *, version: SecretsmanagerSecretVersion, field: str
) -> str:
    """A reference to one field of a stored secret, for a write-only argument.

    Reading back what was stored, instead of using the generated value twice, keeps both ends equal
    when an apply is interrupted between them.
    """
    stack.add_override(
        f"ephemeral.aws_secretsmanager_secret_version.{id_}",
        {"secret_id": version.secret_id, "version_id": version.version_id},
    )
    reference = f"ephemeral.aws_secretsmanager_secret_version.{id_}.secret_string"
    return f"${{jsondecode({reference})[\"{field}\"]}}"


def _hcl(value: str) -> str:
    """A value inside a Terraform expression: a reference bare, anything else as a string."""
    if value.startswith("${") and value.endswith("}"):
        return value[2:-1]
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
