"""The values of secrets that no stack writes, by the names and keys that the rendered ExternalSecrets read."""

import json
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from environments.names import PROVIDER_KEYS, Names, Secret
from evalctl.rehearsal.emulator import EmulatedAws


def create(names: Names, rendered: Path, aws: EmulatedAws) -> None:
    """Create each entry that a rendered ExternalSecret reads, without a value, as the stacks do."""
    client = aws.client("secretsmanager")
    for name in entries(names, rendered):
        client.create_secret(Name=name)


def fill(names: Names, rendered: Path, aws: EmulatedAws, *, authority: Path) -> list[str]:
    """Give random values to the entries that have none; returns their names.

    People and nodes write these in an account. An entry that is read as a whole and has no keys holds a
    certificate; `authority` is one.
    """
    client = aws.client("secretsmanager")
    filled = []
    for name, keys in entries(names, rendered).items():
        if not client.describe_secret(SecretId=name).get("VersionIdsToStages"):
            value = {key: _value(key) for key in sorted(keys)}
            text = json.dumps(value) if keys else authority.read_text()
            client.put_secret_value(SecretId=name, SecretString=text)
            filled.append(name)
    return filled


def entries(names: Names, rendered: Path) -> Mapping[str, set[str]]:
    """The keys of each entry; of the entry that is read as a whole, those that people fill in."""
    found: dict[str, set[str]] = defaultdict(set)
    found[names.secret(Secret.LLM_KEYS)].update(PROVIDER_KEYS)
    for manifest in sorted((rendered / names.env.name).rglob("ExternalSecret-*.yaml")):
        spec = yaml.load(manifest.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["spec"]
        for reference in _references(spec):
            found[str(reference["key"])].update(
                [str(reference["property"])] if "property" in reference else []
            )
    return found


def _references(spec: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    data, data_from = spec.get("data", []), spec.get("dataFrom", [])
    assert isinstance(data, list)
    assert isinstance(data_from, list)
    for entry in data:
        yield entry["remoteRef"]
    for entry in data_from:
        yield entry["extract"]


def _value(key: str) -> str:
    """Ports are numbers and addresses are addresses, as programs expect them; all else is random."""
    if key == "port" or key.endswith("_port"):
        return "6379"
    if key.endswith(("webhook", "url")) or key == "heartbeat":
        return f"https://127.0.0.1/{secrets.token_urlsafe(16)}"
    return secrets.token_urlsafe(24)
