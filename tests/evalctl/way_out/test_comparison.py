"""The comparison of two renders sees every difference but the two that mean nothing to terraform."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from environments.names import TERRAFORM_FILE
from evalctl.way_out import fork
from evalctl.way_out.comparison import differences
from tests.evalctl.way_out.stacks import as_the_fork_renders
from tests.support.paths import ROOT

RENDERED = ROOT / "rendered"
NETWORK = json.loads((RENDERED / "prod/terraform/network" / TERRAFORM_FILE).read_text())


def refused(theirs: object) -> list[str]:
    return [str(each) for each in differences(NETWORK, theirs) if each.allowed() is None]


def test_the_forks_version_and_its_spelling_of_the_providers_address_are_allowed() -> None:
    theirs = as_the_fork_renders(NETWORK)
    found = list(differences(NETWORK, theirs))
    assert [".".join(map(str, each.path)) for each in found] == [
        "//.metadata.version",
        "terraform.required_providers.aws.source",
    ]
    assert refused(theirs) == []


def test_spaces_and_the_order_of_keys_do_not_count() -> None:
    compact = json.dumps(NETWORK, sort_keys=True, separators=(",", ":"))
    assert list(differences(NETWORK, json.loads(compact))) == []


def _other_provider(stack: dict[str, Any]) -> None:
    stack["terraform"]["required_providers"]["aws"]["source"] = "someone/aws"


def _other_version_of_the_provider(stack: dict[str, Any]) -> None:
    stack["terraform"]["required_providers"]["aws"]["version"] = "6.69.1"


def _other_value(stack: dict[str, Any]) -> None:
    stack["resource"]["aws_vpc"]["vpc"]["cidr_block"] = "10.9.0.0/16"


def _number_instead_of_true(stack: dict[str, Any]) -> None:
    stack["resource"]["aws_vpc"]["vpc"]["enable_dns_hostnames"] = 1


def _other_address(stack: dict[str, Any]) -> None:
    stack["resource"]["aws_vpc"]["vpc-1"] = stack["resource"]["aws_vpc"].pop("vpc")


def _one_item_less(stack: dict[str, Any]) -> None:
    stack["resource"]["aws_default_security_group"]["default-security-group"]["ingress"] = [{}]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_other_provider, "terraform.required_providers.aws.source: 'aws' here, 'someone/aws'"),
        (
            _other_version_of_the_provider,
            "terraform.required_providers.aws.version: '5.100.0' here",
        ),
        (_other_value, "resource.aws_vpc.vpc.cidr_block: "),
        (
            _number_instead_of_true,
            "resource.aws_vpc.vpc.enable_dns_hostnames: True here, 1 of the fork",
        ),
        (_other_address, "resource.aws_vpc.vpc-1: 'missing' here"),
        (_one_item_less, "ingress: [] here, [{}] of the fork"),
    ],
)
def test_any_other_difference_is_refused_and_named(
    change: Callable[[dict[str, Any]], None], named: str
) -> None:
    theirs = as_the_fork_renders(NETWORK)
    change(theirs)
    assert any(named in each for each in refused(theirs)), refused(theirs)


def test_a_difference_is_named_with_its_stack(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    for environment in RENDERED.iterdir():
        if environment.is_dir():
            shutil.copytree(environment / "terraform", folder / environment.name / "terraform")
    assert list(fork.compare(RENDERED, folder)) == []
    file = folder / "prod/terraform/network" / TERRAFORM_FILE
    document = json.loads(file.read_text())
    _other_value(document)
    file.write_text(json.dumps(document))
    shutil.rmtree(folder / "dev/terraform/queue")
    found = [(path, ".".join(map(str, each.path))) for path, each in fork.compare(RENDERED, folder)]
    assert found == [
        ("dev/terraform/queue/.terraform.lock.hcl", ""),
        ("dev/terraform/queue/cdk.tf.json", ""),
        ("prod/terraform/network/cdk.tf.json", "resource.aws_vpc.vpc.cidr_block"),
    ]
