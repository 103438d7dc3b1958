"""The programs of Pulumi and AWS CDK declare what is rendered, no more and no less."""

import ast
import json
import os
from pathlib import Path

import pytest

from environments.names import TERRAFORM_FILE
from evalctl.benchmarks.peers import cdk_program, programs
from evalctl.benchmarks.peers.declared import Resource, objects, reference, resources
from tests.support.paths import ROOT

RENDERED = ROOT / "rendered"
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
VARIABLES = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def peers() -> Path:
    """The Python that has their packages."""
    if not PYTHON.exists():
        pytest.skip("the packages of Pulumi and AWS CDK are not installed: `make bench-peers`")
    return PYTHON


def _rendered() -> int:
    terraform = [json.loads(file.read_text()) for file in RENDERED.glob(f"**/{TERRAFORM_FILE}")]
    aws = sum(len(named) for each in terraform for named in each["resource"].values())
    yaml = [file for file in RENDERED.glob("**/*.yaml") if file.name != "kustomization.yaml"]
    return aws + len(yaml)


def test_every_rendered_resource_and_object_is_declared_once() -> None:
    ids = [*(each.id for each in resources(RENDERED)), *(each.id for each in objects(RENDERED))]
    assert len(ids) == len(set(ids)) == programs.declared(RENDERED) == _rendered() > 700


def test_a_resource_comes_after_what_it_refers_to_and_keeps_its_properties() -> None:
    found = resources(RENDERED)
    place = {(each.stack, each.type, each.name): index for index, each in enumerate(found)}
    referred = [
        (index, place.get((each.stack, to.type, to.name), -1))
        for index, each in enumerate(found)
        for value in each.properties.values()
        if (to := reference(value)) is not None
    ]
    assert len(referred) > 200
    assert all(target < index for index, target in referred)
    vpc = next(each for each in found if each.type == "aws_vpc")
    assert {"cidr_block", "enable_dns_hostnames", "tags"} <= vpc.properties.keys()
    assert not {"//", "lifecycle", "depends_on"} & vpc.properties.keys()


def test_a_reference_is_an_attribute_and_a_text_that_holds_one_stays_a_text() -> None:
    key = Resource("dev-x", "aws_kms_key", "key", {"policy": "${aws_iam_role.role.arn}:*"})
    alias = Resource("dev-x", "aws_kms_alias", "alias", {"target_key_id": "${aws_kms_key.key.arn}"})
    text = cdk_program.program([key, alias], [], typed=False)
    assert "'target_key_id': resource_0.get_att('arn')" in text
    assert "'policy': '${aws_iam_role.role.arn}:*'" in text


@pytest.mark.parametrize("typed", [True, False])
def test_cdks_program_has_a_call_for_each_of_them(typed: bool) -> None:
    text = cdk_program.program(resources(RENDERED), objects(RENDERED), typed=typed)
    calls = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Call)]
    made = [ast.unparse(call.func) for call in calls].count("aws_cdk.CfnResource")
    assert made == _rendered()
    assert ("import aws_cdk.aws_ec2" in text) == typed


@pytest.mark.peers
@pytest.mark.parametrize("typed", [True, False])
def test_cdks_templates_have_each_of_them(peers: Path, tmp_path: Path, typed: bool) -> None:
    program = programs.cdk(RENDERED, tmp_path, peers, VARIABLES, typed=typed)
    assert programs.cdk_made(program) == _rendered()


@pytest.mark.peers
def test_pulumis_mocks_make_each_of_them_and_only_terraforms_own_type_is_replaced(
    peers: Path, tmp_path: Path
) -> None:
    program, replaced = programs.pulumi(RENDERED, tmp_path, peers, VARIABLES)
    assert programs.pulumi_made(program) == _rendered()
    assert [what.partition(" ")[0] for what in replaced] == ["terraform_data"]
