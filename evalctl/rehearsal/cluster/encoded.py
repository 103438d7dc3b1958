"""The values of a Secret."""

import base64

from lightkube.resources.core_v1 import Secret


def decoded(secret: Secret) -> dict[str, str]:
    """Each key with its text; the API carries them in base64."""
    return {key: base64.b64decode(value).decode() for key, value in (secret.data or {}).items()}
