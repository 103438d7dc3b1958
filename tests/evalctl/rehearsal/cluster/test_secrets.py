"""The secrets of a cluster that is rehearsed without its AWS half."""

import asyncio
import json
from pathlib import Path
from typing import cast

import pytest
import yaml

from environments.names import Names, Stack
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from evalctl.rehearsal.cluster import secrets
from evalctl.rehearsal.cluster.control_plane import choose_address
from evalctl.rehearsal.cluster.half import Setup, aws_without_stacks
from evalctl.rehearsal.cluster.programs import Programs
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
    external_secret(tmp_path, "k8s/other", {"dataFrom": [{"extract": {"key": "all"}}]})
    found = secrets.entries(Names(ENVIRONMENTS[0]), tmp_path)
    assert found["store"] == {"username", "password"}
    assert found["certificate"] == found["all"] == set()


@pytest.mark.rehearsal
def test_the_emulated_account_has_every_entry_and_the_clusters_address(
    tmp_path: Path, rendered: Path
) -> None:
    env = ENVIRONMENTS[0]
    names = Names(env)
    setup = Setup(
        env=env,
        checkout=rendered.parent,
        programs=cast(Programs, None),
        folder=tmp_path,
        address=choose_address(tmp_path),
        full=False,
    )

    async def read() -> tuple[dict[str, str], str]:
        async with aws_without_stacks(setup) as aws:
            client = aws.client("secretsmanager")
            authority = setup.address.authority.pair.certificate
            filled = secrets.fill(names, rendered, aws, authority=authority)
            assert filled == list(secrets.entries(names, rendered))
            assert secrets.fill(names, rendered, aws, authority=authority) == [], "all have values"
            found = {
                name: client.get_secret_value(SecretId=name)["SecretString"]
                for name in secrets.entries(names, rendered)
            }
            cluster = aws.client("eks").describe_cluster(name=names.cluster)["cluster"]
            return found, cluster["endpoint"]

    created, endpoint = asyncio.run(read())
    assert endpoint == setup.address.url
    values: list[str] = []
    for name, keys in secrets.entries(names, rendered).items():
        if keys:
            entry = json.loads(created[name])
            assert set(entry) == keys
            assert all(value.isdecimal() for key, value in entry.items() if key.endswith("port"))
            values += [value for key, value in entry.items() if not key.endswith("port")]
    assert len(set(values)) == len(values) > 20
