"""The two node groups: sizes, taints, encryption, credentials and autoscaling."""

from environments.catalog import EKS_VERSIONS
from environments.names import (
    GENERAL_NODES,
    GENERAL_POOL,
    NODE_POOL_LABEL,
    WORKER_NODES,
    WORKER_POOL,
    App,
    Names,
    Stack,
)
from environments.registry import ENVIRONMENTS
from tests.support.each_environment import EACH_NAME
from tests.support.manifests import Manifest, one
from tests.support.quantities import quantity
from tests.support.terraform import Body, Stacks, Terraform


def group_named(stack: Terraform, prefix: str) -> Body:
    groups = stack.resources("aws_eks_node_group").values()
    return {group["node_group_name_prefix"]: group for group in groups}[prefix]


@EACH_NAME
class TestEveryEnvironment:
    def test_node_groups_are_those_of_the_environment(self, terraform: Stacks, name: str) -> None:
        (env,) = (env for env in ENVIRONMENTS if env.name == name)
        for group, spec in (
            (GENERAL_NODES, env.cluster.general),
            (WORKER_NODES, env.cluster.workers_spot),
        ):
            rendered = group_named(terraform[name][Stack.CLUSTER], group)
            assert rendered["scaling_config"] == {
                "min_size": spec.min_size,
                "desired_size": spec.desired_size,
                "max_size": spec.max_size,
            }
            assert rendered["instance_types"] == list(spec.instance_types)
            assert rendered["capacity_type"] == spec.capacity_type

    def test_worker_nodes_refuse_other_pods(self, terraform: Stacks, name: str) -> None:
        workers = group_named(terraform[name][Stack.CLUSTER], WORKER_NODES)
        assert workers["labels"] == {NODE_POOL_LABEL: WORKER_POOL}
        assert workers["taint"] == [
            {"key": NODE_POOL_LABEL, "value": WORKER_POOL, "effect": "NO_SCHEDULE"}
        ]

    def test_general_nodes_have_no_taint(self, terraform: Stacks, name: str) -> None:
        general = group_named(terraform[name][Stack.CLUSTER], GENERAL_NODES)
        assert general["labels"] == {NODE_POOL_LABEL: GENERAL_POOL}
        assert "taint" not in general

    def test_nodes_run_in_private_subnets(self, terraform: Stacks, name: str) -> None:
        for group in terraform[name][Stack.CLUSTER].resources("aws_eks_node_group").values():
            assert all("private-subnet" in subnet for subnet in group["subnet_ids"])

    def test_nodes_run_in_the_zones_of_their_group(self, terraform: Stacks, name: str) -> None:
        (env,) = (env for env in ENVIRONMENTS if env.name == name)
        for group, spec in (
            (GENERAL_NODES, env.cluster.general),
            (WORKER_NODES, env.cluster.workers_spot),
        ):
            subnets = group_named(terraform[name][Stack.CLUSTER], group)["subnet_ids"]
            numbers = [env.network.zones.index(zone) + 1 for zone in spec.zones]
            assert len(subnets) == len(numbers)
            for subnet, number in zip(subnets, numbers, strict=True):
                assert f"private-subnet-{number}" in subnet

    def test_nodes_run_a_supported_operating_system(self, terraform: Stacks, name: str) -> None:
        for group in terraform[name][Stack.CLUSTER].resources("aws_eks_node_group").values():
            assert group["ami_type"] == "AL2023_x86_64_STANDARD"

    def test_nodes_run_the_pinned_release_of_their_minor(
        self, terraform: Stacks, names: dict[str, Names], name: str
    ) -> None:
        pinned = EKS_VERSIONS[names[name].env.cluster.kubernetes_version].node_release
        groups = terraform[name][Stack.CLUSTER].resources("aws_eks_node_group").values()
        assert [group["release_version"] for group in groups] == [pinned] * 2

    def test_no_pod_can_fetch_its_nodes_credentials(self, terraform: Stacks, name: str) -> None:
        templates = terraform[name][Stack.CLUSTER].resources("aws_launch_template")
        assert len(templates) == 2
        for template in templates.values():
            assert template["metadata_options"]["http_tokens"] == "required"
            assert template["metadata_options"]["http_put_response_hop_limit"] == 1

    def test_node_disks_are_encrypted(self, terraform: Stacks, name: str) -> None:
        for template in terraform[name][Stack.CLUSTER].resources("aws_launch_template").values():
            for mapping in template["block_device_mappings"]:
                assert mapping["ebs"]["encrypted"] == "true"
                assert mapping["ebs"]["volume_type"] == "gp3"

    def test_launched_resources_have_the_cost_tags(self, terraform: Stacks, name: str) -> None:
        for template in terraform[name][Stack.CLUSTER].resources("aws_launch_template").values():
            tagged = {
                spec["resource_type"]: spec["tags"] for spec in template["tag_specifications"]
            }
            for resource in ("instance", "volume"):
                assert {"Environment", "Component", "Owner", "CostCenter"} <= set(tagged[resource])

    def test_every_group_launches_from_its_own_template(self, terraform: Stacks, name: str) -> None:
        stack = terraform[name][Stack.CLUSTER]
        used = {g["launch_template"]["id"] for g in stack.resources("aws_eks_node_group").values()}
        assert len(used) == 2
        assert "latest_version" in group_named(stack, GENERAL_NODES)["launch_template"]["version"]

    def test_a_group_gets_a_new_name_and_goes_after_its_successor_exists(
        self, terraform: Stacks, name: str
    ) -> None:
        stack = terraform[name][Stack.CLUSTER]
        groups = stack.resources("aws_eks_node_group").values()
        templates = stack.resources("aws_launch_template").values()
        tags = stack.resources("aws_autoscaling_group_tag").values()
        for resource in (*groups, *templates, *tags):
            assert resource["lifecycle"]["create_before_destroy"] is True
        for resource in (*groups, *templates):
            assert not {"name", "node_group_name"} & set(resource)

    def test_an_apply_keeps_the_size_that_the_autoscaler_set(
        self, terraform: Stacks, name: str
    ) -> None:
        for group in terraform[name][Stack.CLUSTER].resources("aws_eks_node_group").values():
            assert "scaling_config[0].desired_size" in group["lifecycle"]["ignore_changes"]

    def test_the_autoscaler_finds_both_groups(self, terraform: Stacks, name: str) -> None:
        for group in ("general", "workers-spot"):
            tags = autoscaler_tags(terraform[name][Stack.CLUSTER], group)
            assert tags["enabled"] == "true"
            assert tags[f"ai-eval-platform-{name}"] == "owned"

    def test_the_autoscaler_finds_label_and_taint_of_an_empty_groups_nodes(
        self, terraform: Stacks, name: str
    ) -> None:
        workers = autoscaler_tags(terraform[name][Stack.CLUSTER], "workers-spot")
        assert workers[f"node-template/label/{NODE_POOL_LABEL}"] == WORKER_POOL
        assert workers[f"node-template/taint/{NODE_POOL_LABEL}"] == f"{WORKER_POOL}:NoSchedule"
        general = autoscaler_tags(terraform[name][Stack.CLUSTER], "general")
        assert general[f"node-template/label/{NODE_POOL_LABEL}"] == GENERAL_POOL
        assert not any("taint" in key for key in general)

    def test_the_autoscaler_finds_what_pods_can_use_of_an_empty_groups_disks(
        self, terraform: Stacks, name: str
    ) -> None:
        stack = terraform[name][Stack.CLUSTER]
        for group in ("general", "workers-spot"):
            template = stack.resource("aws_launch_template", f"{group}-launch-template")
            (disk,) = template["block_device_mappings"]
            tag = autoscaler_tags(stack, group)["node-template/resources/ephemeral-storage"]
            usable_gib = int(tag.removesuffix("Gi"))
            # A tenth stays free and kubelet reserves one: a larger number would start nodes in vain.
            assert usable_gib <= disk["ebs"]["volume_size"] * 0.9 - 1
            assert usable_gib >= disk["ebs"]["volume_size"] * 0.8

    def test_the_autoscaler_finds_every_resource_that_workers_request(
        self, terraform: Stacks, manifests: dict[str, dict[App, list[Manifest]]], name: str
    ) -> None:
        tags = autoscaler_tags(terraform[name][Stack.CLUSTER], "workers-spot")
        (container,) = one(manifests[name][App.WORKER], "Deployment")["spec"]["template"]["spec"][
            "containers"
        ]
        requests = container["resources"]["requests"]
        assert "ephemeral-storage" in requests
        for resource in requests.keys() - {"cpu", "memory"}:  # the instance type shows these two
            found = tags[f"node-template/resources/{resource}"]
            assert quantity(requests[resource]) <= quantity(found)

    def test_nodes_can_join_and_pull_images_and_nothing_else(
        self, terraform: Stacks, name: str
    ) -> None:
        stack = terraform[name][Stack.CLUSTER]
        assert {
            attachment["policy_arn"].rpartition("/")[2]
            for attachment in stack.resources("aws_iam_role_policy_attachment").values()
            if attachment["role"] == "${aws_iam_role.node-role.name}"
        } == {"AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"}
        assert "node-role-policy" not in stack.resources("aws_iam_role_policy")

    def test_an_update_takes_one_node_at_a_time(self, terraform: Stacks, name: str) -> None:
        stack = terraform[name][Stack.CLUSTER]
        for group in stack.resources("aws_eks_node_group").values():
            assert group["update_config"] == {"max_unavailable": 1}
            # Services' disruption budgets apply; a long job cannot block an update of spot nodes.
            assert group["force_update_version"] is (group["capacity_type"] == "SPOT")


def autoscaler_tags(stack: Terraform, group: str) -> dict[str, str]:
    """Tags of a group's Auto Scaling group, without the autoscaler's prefix."""
    return {
        tag["tag"]["key"].removeprefix("k8s.io/cluster-autoscaler/"): tag["tag"]["value"]
        for tag in stack.resources("aws_autoscaling_group_tag").values()
        if f"aws_eks_node_group.{group}." in tag["autoscaling_group_name"]
    }
