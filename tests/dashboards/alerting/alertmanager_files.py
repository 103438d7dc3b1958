"""The files that Alertmanager finds in its Secret, once the External Secrets Operator has made it."""

import re
from pathlib import Path

from tests.support.manifests import Manifest, one

SECRET = "alertmanager-config"
_MOUNTED = "/etc/alertmanager/config"
_RAW = re.compile(r"\{\{ `([^`]*)` \}\}")
_FIELD = re.compile(r"\{\{ \.(\w+) \}\}")


def external_secret(manifests: list[Manifest]) -> Manifest:
    spec: Manifest = one(manifests, "ExternalSecret", SECRET)["spec"]
    return spec


def evaluated(template: str, fields: dict[str, str]) -> str:
    """What the operator makes of a template. It needs no more of the language than this; a test has
    Go's own template engine say the same."""
    raw = _RAW.fullmatch(template)
    return raw[1] if raw else _FIELD.sub(lambda found: fields[found[1]], template)


def write(manifests: list[Manifest], folder: Path, *, webhooks: dict[str, str]) -> Path:
    """The Secret's files in a folder, with these values of the Secrets Manager entry."""
    spec = external_secret(manifests)
    fields = {
        entry["secretKey"]: webhooks[entry["remoteRef"]["property"]] for entry in spec["data"]
    }
    folder.mkdir()
    for key, template in spec["target"]["template"]["data"].items():
        text = evaluated(template, fields)
        # Here the Secret is mounted elsewhere.
        (folder / key).write_text(text.replace(_MOUNTED, str(folder)))
    return folder / "alertmanager.yaml"


def any_webhooks(manifests: list[Manifest]) -> dict[str, str]:
    return {
        entry["remoteRef"]["property"]: f"http://127.0.0.1:9/{entry['remoteRef']['property']}"
        for entry in external_secret(manifests)["data"]
    }
