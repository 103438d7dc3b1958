"""`evalctl quotas`: the needs agree with what is rendered, and the account's quotas are compared."""

import math
import subprocess

import pytest

from environments.catalog import INSTANCE_TYPES
from environments.dev import DEV
from environments.names import Addon, App, Stack
from environments.spec import Environment
from evalctl.lifecycle import quotas
from evalctl.lifecycle.quotas import Quota
from tests.evalctl.lifecycle.conftest import Operator
from tests.support.each_environment import EACH_ENVIRONMENT
from tests.support.manifests import Manifest, all_of, one
from tests.support.quantities import quantity
from tests.support.terraform import Body, Stacks, Terraform

GIB = 2**30


def amounts(env: Environment) -> dict[Quota, int]:
    return {need.quota: need.amount for need in quotas.needs(env)}


def groups(cluster: Terraform) -> list[tuple[Body, int, int]]:
    """Each node group, its most nodes with those of an update or of its successor, and a node's disk in GiB."""
    found = []
    for id_, group in cluster.resources("aws_eks_node_group").items():
        (disk,) = cluster.resource("aws_launch_template", f"{id_}-launch-template")[
            "block_device_mappings"
        ]
        largest = group["scaling_config"]["max_size"]
        nodes = largest + max(2 * len(group["subnet_ids"]), largest)
        found.append((group, nodes, disk["ebs"]["volume_size"]))
    return found


@EACH_ENVIRONMENT
class TestNeeds:
    def test_the_network_and_stores_that_are_rendered(
        self, terraform: Stacks, env: Environment
    ) -> None:
        stacks, needed = terraform[env.name], amounts(env)
        network = stacks[Stack.NETWORK]
        endpoints = network.resources("aws_vpc_endpoint").values()
        queue = stacks[Stack.QUEUE].only("aws_elasticache_replication_group")
        database = stacks[Stack.DATABASE].only("aws_db_instance")
        assert needed[quotas.ADDRESSES] == len(network.resources("aws_eip"))
        assert needed[quotas.NAT_GATEWAYS] == 1
        zones = [gateway["subnet_id"] for gateway in network.resources("aws_nat_gateway").values()]
        assert len(set(zones)) == len(zones)
        assert needed[quotas.VPCS] == len(network.resources("aws_vpc")) + 1
        assert (
            needed[quotas.INTERNET_GATEWAYS] == len(network.resources("aws_internet_gateway")) + 1
        )
        assert needed[quotas.INTERFACE_ENDPOINTS] == len(
            [endpoint for endpoint in endpoints if endpoint["vpc_endpoint_type"] == "Interface"]
        )
        assert needed[quotas.CLUSTERS] == len(stacks[Stack.CLUSTER].resources("aws_eks_cluster"))
        assert needed[quotas.DATABASES] == 1
        assert needed[quotas.DATABASE_GIB] == database["max_allocated_storage"]
        assert needed[quotas.CACHE_NODES] == queue["num_cache_clusters"]

    def test_the_vcpus_of_every_rendered_node_at_its_largest(
        self, terraform: Stacks, env: Environment
    ) -> None:
        stacks, needed = terraform[env.name], amounts(env)
        vcpus = {"ON_DEMAND": 0, "SPOT": 0}
        for group, nodes, _ in groups(stacks[Stack.CLUSTER]):
            types = [INSTANCE_TYPES[name] for name in group["instance_types"]]
            vcpus[group["capacity_type"]] += nodes * max(type_.vcpus for type_ in types)
        for node in stacks[Stack.CLICKHOUSE].resources("aws_instance").values():
            vcpus["ON_DEMAND"] += INSTANCE_TYPES[node["instance_type"]].vcpus
        assert needed[quotas.ON_DEMAND_VCPUS] == vcpus["ON_DEMAND"]
        assert needed[quotas.SPOT_VCPUS] == vcpus["SPOT"]

    def test_the_volumes_of_every_rendered_node_and_claim(
        self, terraform: Stacks, argocd: dict[str, list[Manifest]], env: Environment
    ) -> None:
        stacks = terraform[env.name]
        clickhouse = stacks[Stack.CLICKHOUSE]
        application = one(
            argocd[env.name], "Application", f"ai-eval-platform-{env.name}-{Addon.PROMETHEUS_STACK}"
        )
        values = application["spec"]["source"]["helm"]["valuesObject"]
        prometheus = values["prometheus"]["prometheusSpec"]
        claim = prometheus["storageSpec"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]
        gib = (
            sum(nodes * disk for _, nodes, disk in groups(stacks[Stack.CLUSTER]))
            + sum(volume["size"] for volume in clickhouse.resources("aws_ebs_volume").values())
            + sum(
                node["root_block_device"]["volume_size"]
                for node in clickhouse.resources("aws_instance").values()
            )
            + prometheus["replicas"] * quantity(claim["storage"]) / GIB
        )
        assert amounts(env)[quotas.GP3_TIB] == math.ceil(gib / 1024)

    def test_the_load_balancers_of_every_rendered_ingress(
        self, manifests: dict[str, dict[App, list[Manifest]]], env: Environment
    ) -> None:
        ingresses = [
            ingress for app in manifests[env.name].values() for ingress in all_of(app, "Ingress")
        ]
        assert amounts(env)[quotas.LOAD_BALANCERS] == len(ingresses)


def test_every_known_instance_type_counts_for_the_standard_quotas() -> None:
    assert {name[0] for name in INSTANCE_TYPES} <= set(quotas.STANDARD_FAMILIES)


@pytest.mark.rehearsal
@pytest.mark.xdist_group("bootstrap")
class TestLive:
    def test_a_new_account_needs_the_printed_increases_and_then_nothing(
        self, operator: Operator
    ) -> None:
        refused = operator.quotas("--live")
        assert refused.returncode == 1
        assert f"2 quotas of account {DEV.account.id} are too small for dev" in refused.stderr
        commands = [
            line.removeprefix("  • ") for line in refused.stderr.splitlines() if "aws " in line
        ]
        region = f"--region {DEV.account.region}"
        request = (
            "aws service-quotas request-service-quota-increase --service-code ec2 --quota-code"
        )
        assert commands == [
            f"{request} {quota.code} --desired-value {amounts(DEV)[quota]} {region}"
            for quota in (quotas.ON_DEMAND_VCPUS, quotas.SPOT_VCPUS)
        ]

        for command in commands:
            subprocess.run(command.split(), env=operator.environment, check=True)

        enough = operator.quotas("--live")
        assert enough.returncode == 0, enough.stderr
        assert f"The quotas of account {DEV.account.id} are large enough for dev" in enough.stdout

    def test_without_live_no_request_goes_to_aws(self, operator: Operator) -> None:
        result = operator.quotas()
        assert result.returncode == 0, result.stderr
        assert "In a new account 2 are too small" in result.stdout
        assert operator.commands == []

    def test_another_account_is_refused(self, operator: Operator) -> None:
        result = operator.quotas("--live", env="prod")
        assert result.returncode == 1
        assert "The quotas of prod's account were not compared" in result.stderr
        assert f"Your AWS credentials are of account {DEV.account.id}" in result.stderr
        assert "Traceback" not in result.stderr
