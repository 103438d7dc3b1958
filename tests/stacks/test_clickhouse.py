"""ClickHouse's nodes in AWS: their disks, network and permissions."""

import base64
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import (
    CLICKHOUSE_HTTPS_PORT,
    CLICKHOUSE_NATIVE_TLS_PORT,
    CLOUDWATCH_NAMESPACE,
    POSTGRES_PORT,
    Bucket,
    Names,
    Secret,
    Stack,
)
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from stacks.parts.clickhouse_node import settings
from stacks.parts.clickhouse_node.cloud_config import cloud_config
from stacks.parts.clickhouse_node.settings import Node
from tests.stacks.policies import granting, statements
from tests.support.each_environment import EACH_ENVIRONMENT
from tests.support.terraform import Body, Stacks, Terraform
from tests.support.tools import program

OWN_GROUP = "${aws_security_group.security-group.id}"
DRILL_GROUP = "${aws_security_group.restore-drill-security-group.id}"
OWN_KEY = "${aws_kms_key.key.arn}"
NODE_PORTS = {
    CLICKHOUSE_NATIVE_TLS_PORT,
    settings.INTERSERVER_PORT,
    settings.KEEPER_PORT,
    settings.RAFT_PORT,
}


@pytest.fixture
def prod(terraform: Stacks) -> Terraform:
    return terraform["prod"][Stack.CLICKHOUSE]


def nodes(env: Environment) -> range:
    return range(1, env.clickhouse.nodes + 1)


@EACH_ENVIRONMENT
def test_nodes_are_in_as_many_zones_as_possible(terraform: Stacks, env: Environment) -> None:
    """Production loses one node of three if a zone fails."""
    stack = terraform[env.name][Stack.CLICKHOUSE]
    zones = [volume["availability_zone"] for volume in stack.resources("aws_ebs_volume").values()]
    subnets = [body["subnet_id"] for body in stack.resources("aws_network_interface").values()]
    most = min(env.clickhouse.nodes, len(env.network.zones))
    assert len(set(zones)) == len(set(subnets)) == most


@EACH_ENVIRONMENT
def test_a_volume_is_in_the_zone_and_every_node_in_a_private_subnet(
    terraform: Stacks, env: Environment
) -> None:
    stack = terraform[env.name][Stack.CLICKHOUSE]
    for index in nodes(env):
        zone = stack.resource("aws_ebs_volume", f"data-volume-{index}")["availability_zone"]
        subnet = stack.resource("aws_network_interface", f"interface-{index}")["subnet_id"]
        assert f"private-subnet-{env.network.zones.index(zone) + 1}" in subnet


@EACH_ENVIRONMENT
def test_data_survives_the_instance_and_a_teardown(terraform: Stacks, env: Environment) -> None:
    stack = terraform[env.name][Stack.CLICKHOUSE]
    for index in nodes(env):
        volume = stack.resource("aws_ebs_volume", f"data-volume-{index}")
        attachment = stack.resource("aws_volume_attachment", f"data-volume-attachment-{index}")
        assert volume["final_snapshot"] is True
        assert volume["size"] == env.clickhouse.data_volume_gib
        assert attachment["volume_id"] == f"${{aws_ebs_volume.data-volume-{index}.id}}"
        assert attachment["stop_instance_before_detaching"] is True
        assert "ebs_block_device" not in stack.resource("aws_instance", f"node-{index}")


@EACH_ENVIRONMENT
def test_every_disk_is_encrypted_with_clickhouses_own_key(
    terraform: Stacks, env: Environment
) -> None:
    stack = terraform[env.name][Stack.CLICKHOUSE]
    roots = [node["root_block_device"] for node in stack.resources("aws_instance").values()]
    for disk in [*roots, *stack.resources("aws_ebs_volume").values()]:
        assert disk["encrypted"] is True
        assert disk["kms_key_id"] == OWN_KEY


@EACH_ENVIRONMENT
def test_a_replaced_node_keeps_its_address_and_names(terraform: Stacks, env: Environment) -> None:
    stack, names = terraform[env.name][Stack.CLICKHOUSE], Names(env)
    addresses = []
    for index in nodes(env):
        (attached,) = stack.resource("aws_instance", f"node-{index}")["network_interface"]
        assert (
            attached["network_interface_id"] == f"${{aws_network_interface.interface-{index}.id}}"
        )
        addresses.append(f"${{aws_network_interface.interface-{index}.private_ip}}")
    records = {
        record["name"]: record["records"]
        for record in stack.resources("aws_route53_record").values()
    }
    assert records == {
        **{
            host: [address] for host, address in zip(names.clickhouse_hosts, addresses, strict=True)
        },
        names.clickhouse_host: addresses[: env.clickhouse.admitted_nodes],
    }


@EACH_ENVIRONMENT
def test_a_new_image_or_configuration_replaces_no_node(terraform: Stacks, env: Environment) -> None:
    for node in terraform[env.name][Stack.CLICKHOUSE].resources("aws_instance").values():
        assert set(node["lifecycle"]["ignore_changes"]) == {"ami", "user_data_base64"}


@EACH_ENVIRONMENT
def test_only_processes_on_the_node_get_its_credentials(
    terraform: Stacks, env: Environment
) -> None:
    for node in terraform[env.name][Stack.CLICKHOUSE].resources("aws_instance").values():
        assert node["metadata_options"]["http_tokens"] == "required"
        assert node["metadata_options"]["http_put_response_hop_limit"] == 1


# The network


def test_the_cluster_reaches_the_client_ports_and_nodes_reach_the_node_ports(
    prod: Terraform,
) -> None:
    from_cluster: set[int] = set()
    from_nodes: set[int] = set()
    for rule in prod.resources("aws_vpc_security_group_ingress_rule").values():
        if rule["security_group_id"] == DRILL_GROUP:
            continue
        assert rule["from_port"] == rule["to_port"]
        assert not {"cidr_ipv4", "cidr_ipv6", "prefix_list_id"} & rule.keys()
        ours = rule["referenced_security_group_id"] == OWN_GROUP
        (from_nodes if ours else from_cluster).add(rule["from_port"])
    assert from_cluster == {CLICKHOUSE_HTTPS_PORT, CLICKHOUSE_NATIVE_TLS_PORT}
    assert from_nodes == NODE_PORTS


def test_nodes_connect_only_to_https_to_their_peers_and_to_the_restore_drills_instance(
    prod: Terraform,
) -> None:
    rules = prod.resources("aws_vpc_security_group_egress_rule").values()
    anywhere = [rule["from_port"] for rule in rules if "cidr_ipv4" in rule]
    to_nodes = {
        rule["from_port"] for rule in rules if rule.get("referenced_security_group_id") == OWN_GROUP
    }
    to_drill = [
        (rule["security_group_id"], rule["from_port"], rule["to_port"])
        for rule in rules
        if rule.get("referenced_security_group_id") == DRILL_GROUP
    ]
    assert anywhere == [443]
    assert to_nodes == NODE_PORTS
    assert to_drill == [(OWN_GROUP, POSTGRES_PORT, POSTGRES_PORT)]
    assert len(rules) == len(anywhere) + len(to_nodes) + len(to_drill)


def test_only_nodes_reach_the_restore_drills_instance_and_it_reaches_nothing(
    prod: Terraform,
) -> None:
    rules = [
        rule
        for kind in ("ingress", "egress")
        for rule in prod.resources(f"aws_vpc_security_group_{kind}_rule").values()
        if rule["security_group_id"] == DRILL_GROUP
    ]
    assert [
        (rule["referenced_security_group_id"], rule["from_port"], rule["to_port"]) for rule in rules
    ] == [(OWN_GROUP, POSTGRES_PORT, POSTGRES_PORT)]


# User data


def cloud_config_lines(stack: Terraform, index: int) -> list[str]:
    """The lines as they are rendered, with Terraform's escapes and its reference to the volume."""
    found: list[str] = stack.json["locals"][f"cloud-config-{index}"]
    return found


def test_terraform_fills_only_the_volumes_id_into_user_data(prod: Terraform) -> None:
    for index in (1, 2, 3):
        document = "\n".join(cloud_config_lines(prod, index))
        assert re.findall(r"(?<!\$)\$\{([^}]*)\}", document) == [
            f'replace(aws_ebs_volume.data-volume-{index}.id, "-", "")'
        ]
        assert not re.search(r"(?<!%)%\{", document)
        user_data = prod.resource("aws_instance", f"node-{index}")["user_data_base64"]
        assert user_data == f'${{base64gzip(join("\\n", local.cloud-config-{index}))}}'


def test_terraform_makes_the_cloud_config_that_the_tests_check_of_its_lines(
    prod: Terraform, tmp_path: Path
) -> None:
    """Byte for byte, by the real terraform; only the volume's id is known to it later."""
    terraform = program("terraform", get_it="install Terraform 1.11 or newer")
    (env,) = [env for env in ENVIRONMENTS if env.name == "prod"]
    for index in (1, 2, 3):
        reference = f'replace(aws_ebs_volume.data-volume-{index}.id, "-", "")'
        lines = [line.replace(reference, '"vol0123"') for line in cloud_config_lines(prod, index)]
        (tmp_path / "main.tf.json").write_text(json.dumps({"locals": {"lines": lines}}))
        made = subprocess.run(
            [terraform, "console"],
            input='base64encode(join("\\n", local.lines))',
            cwd=tmp_path,
            env=os.environ | {"CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        device = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123"
        expected = cloud_config(Node(names=Names(env), index=index), data_device=device)
        assert base64.b64decode(json.loads(made)) == expected.encode()


@EACH_ENVIRONMENT
def test_terraform_keeps_no_password_in_its_state(terraform: Stacks, env: Environment) -> None:
    versions = terraform[env.name][Stack.CLICKHOUSE].resources("aws_secretsmanager_secret_version")
    assert len(versions) == 5
    for version in versions.values():
        assert "secret_string" not in version
        assert "${ephemeral." in version["secret_string_wo"]


# Permissions


def written_secrets(stack: Terraform, index: int) -> list[Body]:
    return granting(statements(stack, f"role-{index}"), "secretsmanager:PutSecretValue")


def test_only_the_first_node_may_create_the_certificate_authority(prod: Terraform) -> None:
    (first,) = written_secrets(prod, 1)
    assert len(first["Resource"]) == 2
    assert all(
        Secret.CLICKHOUSE_CA in arn or Secret.CLICKHOUSE_CA_KEY in arn for arn in first["Resource"]
    )
    assert written_secrets(prod, 2) == written_secrets(prod, 3) == []


def test_a_node_reads_only_clickhouses_secrets(prod: Terraform) -> None:
    for index in (1, 2, 3):
        (reading,) = granting(statements(prod, f"role-{index}"), "secretsmanager:GetSecretValue")
        assert len(reading["Resource"]) == 7
        assert all("secretsmanager_secretclickhouse" in arn for arn in reading["Resource"])


@EACH_ENVIRONMENT
def test_an_attacker_on_a_node_cannot_destroy_a_backup(terraform: Stacks, env: Environment) -> None:
    stack = terraform[env.name][Stack.CLICKHOUSE]
    prefix = f"{Names(env).bucket_arn(Bucket.BACKUPS)}/{settings.BACKUP_PREFIX}/*"
    for index in nodes(env):
        actions = [
            action for found in statements(stack, f"role-{index}") for action in found["Action"]
        ]
        assert not [action for action in actions if "Version" in action or "*" in action]
        (objects,) = granting(statements(stack, f"role-{index}"), "s3:PutObject")
        assert objects["Resource"] == [prefix]


@EACH_ENVIRONMENT
def test_only_session_manager_and_the_backup_metric_are_allowed_on_all_resources(
    terraform: Stacks, env: Environment
) -> None:
    stack = terraform[env.name][Stack.CLICKHOUSE]
    for index in nodes(env):
        metrics, session = [
            found for found in statements(stack, f"role-{index}") if found["Resource"] == ["*"]
        ]
        assert metrics["Action"] == ["cloudwatch:PutMetricData"]
        assert metrics["Condition"] == {
            "StringEquals": {"cloudwatch:namespace": CLOUDWATCH_NAMESPACE}
        }
        assert all(
            action.startswith(("ssm:Update", "ssmmessages:")) for action in session["Action"]
        )
        assert "managed_policy_arns" not in stack.resource("aws_iam_role", f"role-{index}")


def test_development_has_the_same_types_of_resources_as_production(
    terraform: Stacks, prod: Terraform
) -> None:
    dev = terraform["dev"][Stack.CLICKHOUSE]
    assert len(dev.resources("aws_instance")) == DEV.clickhouse.nodes
    assert dev.json["resource"].keys() == prod.json["resource"].keys()
