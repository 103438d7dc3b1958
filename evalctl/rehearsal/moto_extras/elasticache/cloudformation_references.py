"""CloudFormation's dynamic references to secrets, `{{resolve:secretsmanager:…}}`."""

import json
import re

from moto.secretsmanager.models import secretsmanager_backends

_REFERENCE = re.compile(
    r"\{\{resolve:secretsmanager:(?P<secret>arn:[^:]+:secretsmanager:[^:]*:\d*:secret:[^:}]+|[^:}]+)"
    r"(?::SecretString(?::(?P<key>[^:}]*)(?::(?P<stage>[^:}]*)(?::(?P<version>[^:}]*))?)?)?)?\}\}"
)


def resolve(text: str, *, account_id: str, region_name: str) -> str:
    """The text with the secret's value, or one key of it, in the place of each reference."""
    secrets = secretsmanager_backends[account_id][region_name]

    def value_of(reference: re.Match[str]) -> str:
        stored = secrets.get_secret_value(
            reference["secret"], reference["version"] or "", reference["stage"] or ""
        )
        value = str(stored["SecretString"])
        return str(json.loads(value)[reference["key"]]) if reference["key"] else value

    return _REFERENCE.sub(value_of, text)
