"""The secrets of a cluster that is rehearsed without its AWS half."""

import json
from pathlib import Path

import pytest
import yaml

from environments.names import Names, Stack
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from evalctl.rehearsal.cluster import secrets
from evalctl.rehearsal.emulator import emulated_aws
from tests.support.terraform import Stacks

EACH = pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)


@EACH
def test_the_entries_are_those_that_terraform_makes(
    env: Environment, rendered: Path, terraform: Stacks
) -> None:
    made = {
        secret["name"]
        for stack in Stack
        for secret in terraform[env.name][stack].resources("aws_secretsmanager_secret").values()
    }
    read = secrets.entries(Names(env), rendered)
    assert read
    assert set(read) <= made


def external_secret(rendered: Path, folder: str, spec: dict[str, object]) -> None:
    path = rendered / ENVIRONMENTS[0].name / folder / f"ExternalSecret-{len(spec)}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"kind": "ExternalSecret", "spec": spec}))


def test_keys_are_collected_from_every_manifest_and_reference(tmp_path: Path) -> None:
    one = {"remoteRef": {"key": "store", "property": "username"}}
    other = {"remoteRef": {"key": "store", "property": "password"}}
    whole = {"remoteRef": {"key": "certificate"}}
    external_secret(tmp_path, "k8s/secrets", {"data": [one, whole]})
    external_secret(tmp_path, "dashboards", {"data": [other]})
    external_secret(tmp_path, "k8s/other", {"dataFrom": [{"extract": {"key": "llm-keys"}}]})
    assert secrets.entries(Names(ENVIRONMENTS[0]), tmp_path) == {
        "store": {"username", "password"},
        "certificate": set(),
        "llm-keys": set(),
    }


def test_every_entry_is_created_with_its_keys_and_random_values(
    tmp_path: Path, rendered: Path
) -> None:
    env = ENVIRONMENTS[0]
    names = Names(env)
    with emulated_aws(env.account, tmp_path / "emulator.log") as aws:
        secrets.create(names, rendered, aws)
        client = aws.client("secretsmanager")
        created = {
            name: json.loads(client.get_secret_value(SecretId=name)["SecretString"])
            for name in secrets.entries(names, rendered)
        }
    pairs = [pair for entry in created.values() for pair in entry.items()]
    random = [value for key, value in pairs if not key.endswith("port")]
    assert len(set(random)) == len(random) > 20
    for name, keys in secrets.entries(names, rendered).items():
        assert set(created[name]) == keys
    assert all(value.isdecimal() for key, value in pairs if key.endswith("port"))
