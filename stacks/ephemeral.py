"""Values that exist only while Terraform runs: never in the state, a plan file or an output.

cdktf 0.21 has no ephemeral blocks, so they are written through its escape hatch. Terraform sends a
write-only argument only when the version number beside it changes.
"""

import json

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
    """Write `fields` and one generated password into a secret, as JSON.

    It is written once. Raising `rotation` writes it again, with a new password.
    """
    # Letters and digits only, so that the password fits into JSON, a connection string and an
    # environment variable without escaping.
    stack.add_override(
        f"ephemeral.aws_secretsmanager_random_password.{id_}",
        {"password_length": PASSWORD_LENGTH, "exclude_punctuation": True},
    )
    password = f"${{ephemeral.aws_secretsmanager_random_password.{id_}.random_password}}"
    return SecretsmanagerSecretVersion(
        stack,
        id_,
        secret_id=secret_arn,
        secret_string_wo=json.dumps(fields | {generated_field: password}),
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
    return f"${{jsondecode({reference}).{field}}}"


def store_connection(
    stack: cdktf.TerraformStack,
    id_: str,
    *,
    secret_arn: str,
    fields: dict[str, str],
    credentials: SecretsmanagerSecretVersion,
) -> SecretsmanagerSecretVersion:
    """Write `fields` and the password out of another secret into a secret, as JSON.

    For a store that needs its password before its address is known. It is written again whenever a
    field or the password changes.
    """
    password = read_stored_secret(stack, id_, version=credentials, field="password")
    contents = cdktf.Fn.join("|", [*fields.values(), credentials.version_id])
    fingerprint = cdktf.Fn.parseint(cdktf.Fn.substr(cdktf.Fn.sha256(contents), 0, 7), 16)
    return SecretsmanagerSecretVersion(
        stack,
        id_,
        secret_id=secret_arn,
        secret_string_wo=json.dumps(fields | {"password": password}),
        secret_string_wo_version=cdktf.Token.as_number(fingerprint),
    )
