"""The Auto Scaling group and the launch template that EKS creates for a managed node group."""

from moto.autoscaling.models import AutoScalingBackend, autoscaling_backends
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.eks.models import Cluster, Nodegroup


class ScalingGroups:
    """Creates, resizes and deletes the Auto Scaling groups in one region of one account."""

    def __init__(self, account_id: str, region_name: str) -> None:
        self._ec2: EC2Backend = ec2_backends[account_id][region_name]
        self._autoscaling: AutoScalingBackend = autoscaling_backends[account_id][region_name]

    def create(self, cluster: Cluster, group: Nodegroup) -> None:
        """Create nothing if the subnets do not exist in the emulated EC2."""
        existing = {subnet.id for subnet in self._ec2.describe_subnets()}
        subnets = [subnet for subnet in group.subnets if subnet in existing]
        if not subnets:
            return
        name = self._name(group)
        group.resources["autoScalingGroups"] = [{"name": name}]
        template = self._template(f"eks-{group.uuid}", cluster, group)
        sizes = group.scaling_config
        owned = {
            "eks:cluster-name": cluster.name,
            "eks:nodegroup-name": group.nodegroup_name,
            "k8s.io/cluster-autoscaler/enabled": "true",
            f"k8s.io/cluster-autoscaler/{cluster.name}": "owned",
            f"kubernetes.io/cluster/{cluster.name}": "owned",
        }
        self._autoscaling.create_auto_scaling_group(
            name=name,
            availability_zones=[],
            desired_capacity=sizes["desiredSize"],
            max_size=sizes["maxSize"],
            min_size=sizes["minSize"],
            launch_config_name="",
            launch_template={"LaunchTemplateId": template.id, "Version": "1"},
            vpc_zone_identifier=",".join(subnets),
            default_cooldown=None,
            health_check_period=15,
            health_check_type="EC2",
            load_balancers=[],
            target_group_arns=[],
            placement_group=None,
            termination_policies=["AllocationStrategy", "OldestLaunchTemplate", "OldestInstance"],
            tags=[
                {"Key": key, "Value": value, "PropagateAtLaunch": "true"}
                for key, value in owned.items()
            ],
            capacity_rebalance=True,
        )

    def _template(self, name: str, cluster: Cluster, group: Nodegroup) -> LaunchTemplate:
        """The user's template with the node image and the instance type that EKS adds."""
        data = {"ImageId": next(iter(self._ec2.amis), "")}
        if group.launch_template:
            users_template = self._ec2.get_launch_template(group.launch_template["id"])
            data |= users_template.get_version(
                group.launch_template.get("version", "$Default")
            ).data
        if group.instance_types:
            data["InstanceType"] = group.instance_types[0]
        tags = {"eks:cluster-name": cluster.name, "eks:nodegroup-name": group.nodegroup_name}
        return self._ec2.create_launch_template(name, "", data, {"launch-template": tags})

    def resize(self, group: Nodegroup) -> None:
        scaling_group = self._autoscaling.autoscaling_groups.get(self._name(group))
        if scaling_group is None:
            return
        sizes = group.scaling_config
        scaling_group.min_size = sizes["minSize"]
        scaling_group.max_size = sizes["maxSize"]
        scaling_group.set_desired_capacity(sizes["desiredSize"])

    def delete(self, group: Nodegroup) -> None:
        if self._name(group) in self._autoscaling.autoscaling_groups:
            self._autoscaling.delete_auto_scaling_group(self._name(group))
            self._ec2.delete_launch_template(f"eks-{group.uuid}", None)

    @staticmethod
    def _name(group: Nodegroup) -> str:
        return f"eks-{group.nodegroup_name}-{group.uuid}"
