"""The sample's values are in environments/ only, so that a team can replace them there."""

import dataclasses
import subprocess
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.prod import PROD
from environments.rules import require_valid
from environments.spec import Account, Environment, NodeGroup, Ownership, Repository
from evalctl.rendering.renderers import RENDERERS
from tests.support.paths import ROOT

# Written out: when a team has replaced the sample, the test still finds what is left of it.
SAMPLE = (
    *("111111111111", "222222222222", "eu-central-1", "eu-west-1"),
    *("example-org", "eval.example.com", "eval-dev.example.com"),
    *("10.10.0.0/16", "10.20.0.0/16", "203.0.113.0/24"),
)
# Folders and files that may contain one, with the reason.
ALLOWED = {
    "environments/": "the sample, and examples in messages",
    "rendered/": "rendered from the sample",
    ".github/CODEOWNERS": "GitHub reads it unrendered; tests/github compares it with the sample",
    "evalctl/cost/prices.toml": "a price is that of a region",
    "evalctl/checks/golive/samples.py": "finds the samples that a clone has not replaced",
    "tests/evalctl/checks/": "break production's rendered files",
    "tests/environments/": "values that break a rule",
    "evalctl/rehearsal/moto_extras/": "does not import environments, and has its own values",
    "tests/evalctl/rehearsal/moto_extras/": "tests of the above",
    "tests/test_sample_values.py": "the list above",
}


def moved(env: Environment, *, account: str, vpc_cidr: str) -> Environment:
    """The same platform in other accounts and regions, with other names."""
    region = "us-east-1"  # has every letter of a zone

    def in_region(zones: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{region}{zone[-1]}" for zone in zones)

    def group_in_region(group: NodeGroup) -> NodeGroup:
        return dataclasses.replace(group, zones=in_region(group.zones))

    return dataclasses.replace(
        env,
        account=Account(
            id=account,
            region=region,
            backup_copy_region=env.account.backup_copy_region and "ap-northeast-1",
        ),
        ownership=Ownership(
            owner="the-owners", cost_center="the-cost-center", email="finops@the-owners.test"
        ),
        repository=Repository(
            owner="an-owner",
            name="a-repository",
            revision="trunk",
            deploy_environment=env.name,
            oidc_subject="repo:an-owner@1/a-repository@2",
        ),
        network=dataclasses.replace(
            env.network,
            vpc_cidr=vpc_cidr,
            zones=in_region(env.network.zones),
        ),
        cluster=dataclasses.replace(
            env.cluster,
            public_access_cidrs=("198.51.100.0/24",),
            admin_role_names=("TheAdmins",),
            general=group_in_region(env.cluster.general),
            workers_spot=group_in_region(env.cluster.workers_spot),
        ),
        orchestrator=dataclasses.replace(
            env.orchestrator,
            hostname=f"{env.name}.invalid",
            allowed_cidrs=("192.168.0.0/16",),
        ),
    )


MOVED = (
    moved(DEV, account="444455556666", vpc_cidr="172.24.0.0/16"),
    moved(
        dataclasses.replace(PROD, promotes_from=DEV.name),
        account="777788889999",
        vpc_cidr="172.26.0.0/16",
    ),
)


def test_the_environments_of_another_team_break_no_rule() -> None:
    require_valid(MOVED)


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("env", MOVED, ids=lambda env: env.name)
def test_the_files_of_another_team_contain_no_value_of_the_sample(
    env: Environment, renderer: str
) -> None:
    files = RENDERERS[renderer](env)
    text = "\n".join(files.values())
    assert env.account.id in text
    assert [value for value in SAMPLE if value in text] == []


def test_only_the_allowed_folders_contain_a_value_of_the_sample() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    files = [Path(file) for file in tracked if file and not file.startswith(tuple(ALLOWED))]
    assert len(files) > 300
    pinned = [
        f"{file}: {value}"
        for file in files
        if file.suffix != ".png" and (ROOT / file).exists()
        for text in [(ROOT / file).read_text()]
        for value in SAMPLE
        if value in text
    ]
    assert pinned == [], "read it from the environment's value, or add it to ALLOWED with a reason"
