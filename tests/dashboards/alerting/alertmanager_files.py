"""The files in Alertmanager's Secret, as the External Secrets Operator would write them."""

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
    """The operator's result of a template. The templates need no more of the language than this; a
    test compares with Go's own template engine."""
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
        # In a test the files are in another folder.
        (folder / key).write_text(text.replace(_MOUNTED, str(folder)))
    return folder / "alertmanager.yaml"


def any_webhooks(manifests: list[Manifest]) -> dict[str, str]:
    return {
        entry["remoteRef"]["property"]: f"http://127.0.0.1:9/{entry['remoteRef']['property']}"
        for entry in external_secret(manifests)["data"]
    }
