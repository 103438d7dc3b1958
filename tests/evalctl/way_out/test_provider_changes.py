"""What another provider would change is found in the real bindings' schema, altered in one place each."""

import copy
import datetime
import json
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bindings import aws_provider
from environments.names import TERRAFORM_FILE
from evalctl.way_out import page
from evalctl.way_out.provider_changes import Changes, compare
from evalctl.way_out.schema import Assembly, Schema, UnknownLayoutError, assembly_in
from tests.support.paths import ROOT

DOCUMENTS = [
    json.loads(file.read_text())
    for file in sorted((ROOT / "rendered/prod/terraform").glob(f"*/{TERRAFORM_FILE}"))
]
CLUSTER = "@cdktf/provider-aws.eksCluster.EksCluster"


@pytest.fixture(scope="module")
def assembly() -> Assembly:
    """The types in use of the bindings that are installed."""
    wanted = aws_provider.modules_imported_by(ROOT / "stacks" / "aws.py")
    folder = Path(sysconfig.get_path("purelib"), aws_provider.PACKAGE)
    return assembly_in(aws_provider._cached_assembly(folder, wanted))


@pytest.fixture(scope="module")
def old(assembly: Assembly) -> Schema:
    return Schema(assembly)


def with_change(assembly: Assembly, change: Callable[[Any], None]) -> Schema:
    altered = copy.deepcopy(assembly)
    change(altered)
    return Schema(altered)


def property_of(assembly: Any, name: str, field: str) -> dict[str, Any]:
    (found,) = (each for each in assembly["types"][name]["properties"] if each["name"] == field)
    assert isinstance(found, dict)
    return found


def remove(assembly: Any, name: str, field: str) -> None:
    assembly["types"][name]["properties"].remove(property_of(assembly, name, field))


def removed_type(assembly: Any) -> None:
    del assembly["submodules"]["@cdktf/provider-aws.flowLog"]


def removed_argument(assembly: Any) -> None:
    remove(assembly, f"{CLUSTER}Config", "roleArn")


def removed_argument_of_a_block(assembly: Any) -> None:
    remove(assembly, f"{CLUSTER}VpcConfig", "subnetIds")


def list_of_blocks_instead_of_one(assembly: Any) -> None:
    one = property_of(assembly, f"{CLUSTER}Config", "vpcConfig")
    one["type"] = {"collection": {"kind": "array", "elementtype": one["type"]}}


def number_instead_of_text(assembly: Any) -> None:
    property_of(assembly, f"{CLUSTER}Config", "version")["type"] = {"primitive": "number"}


def newly_required(assembly: Any) -> None:
    del property_of(assembly, f"{CLUSTER}Config", "zonalShiftConfig")["optional"]


def removed_attribute(assembly: Any) -> None:
    remove(assembly, "@cdktf/provider-aws.subnet.Subnet", "id")


def argument_of_the_provider(assembly: Any) -> None:
    remove(assembly, "@cdktf/provider-aws.provider.AwsProviderConfig", "allowedAccountIds")


# The bindings in use have no ephemeral resources; stacks/parts/ephemeral.py writes this one.
EPHEMERAL = {"ephemeral aws_secretsmanager_random_password": "in neither version"}


def test_the_same_schema_changes_nothing(old: Schema) -> None:
    changes = compare(DOCUMENTS, old=old, new=old)
    assert changes.found == EPHEMERAL
    assert old.provider == "5.100.0"
    assert len(changes.types) > 60
    assert len(changes.arguments) > 300
    assert {
        "aws_eks_cluster.vpc_config.subnet_ids",
        "provider aws.default_tags.tags",
    } <= changes.arguments
    assert {"aws_subnet.id", "data aws_ssm_parameter.insecure_value"} <= changes.attributes


@pytest.mark.parametrize(
    ("change", "place", "what"),
    [
        (removed_type, "aws_flow_log", "the type is removed"),
        (removed_argument, "aws_eks_cluster.role_arn", "removed"),
        (removed_argument_of_a_block, "aws_eks_cluster.vpc_config.subnet_ids", "removed"),
        (list_of_blocks_instead_of_one, "aws_eks_cluster.vpc_config", "block, then list of block"),
        (number_instead_of_text, "aws_eks_cluster.version", "text, then number"),
        (
            newly_required,
            "aws_eks_cluster.zonal_shift_config",
            "required, and ours does not set it",
        ),
        (removed_attribute, "aws_subnet.id, read", "removed"),
        (argument_of_the_provider, "provider aws.allowed_account_ids", "removed"),
    ],
)
def test_a_change_of_the_provider_is_found(
    assembly: Assembly, old: Schema, change: Callable[[Any], None], place: str, what: str
) -> None:
    found = compare(DOCUMENTS, old=old, new=with_change(assembly, change)).found
    assert found == EPHEMERAL | {place: what}


def test_new_arguments_that_need_not_be_set_are_counted(assembly: Assembly) -> None:
    old = with_change(assembly, lambda one: remove(one, f"{CLUSTER}Config", "zonalShiftConfig"))
    assert compare(DOCUMENTS, old=old, new=Schema(assembly)).optional == 1


def test_bindings_with_another_layout_are_refused(assembly: Assembly) -> None:
    def unlink(altered: Any) -> None:
        property_of(altered, f"{CLUSTER}Config", "roleArn")["docs"] = {"summary": "A role."}

    with pytest.raises(
        UnknownLayoutError, match=r"EksClusterConfig\.roleArn links no documentation"
    ):
        compare(DOCUMENTS, old=with_change(assembly, unlink), new=Schema(assembly))


def test_bindings_that_are_not_installed_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayoutError, match="has 0 assemblies instead of one"):
        Schema.installed("cdktn_provider_aws", site_packages=tmp_path)


def test_the_page_is_out_of_date_for_another_change_and_not_for_another_day(
    old: Schema,
) -> None:
    def text(day: int, **found: str) -> str:
        changes = Changes(found=found)
        return page.markdown(changes, old=old, new=old, day=datetime.date(2026, 11, day))

    first = page.without_extent(text(1))
    assert text(1) != text(2)
    assert first == page.without_extent(text(2))
    assert first != page.without_extent(text(1, aws_eip="removed"))
