"""A managed node group: its launch template, its pool's label and taint, and its autoscaler tags."""

from collections.abc import Sequence

import cdktf
import constructs

from environments.capacity import node_disk_gib
from environments.catalog import EKS_VERSIONS
from environments.names import NODE_POOL_LABEL, Names, Stack
from environments.node_pools import NodePool
from environments.spec import CapacityType
from stacks import aws
from stacks.parts.iam import ServiceRole

_AMI_TYPE = "AL2023_x86_64_STANDARD"
_AUTOSCALER = "k8s.io/cluster-autoscaler"


def node_group(
    scope: constructs.Construct,
    id_: str,
    *,
    names: Names,
    pool: NodePool,
    cluster: aws.EksCluster,
    role: ServiceRole,
    subnet_ids: list[str],
    depends_on: Sequence[cdktf.ITerraformDependable],
) -> aws.EksNodeGroup:
    """Nodes labelled with their pool; a `dedicated` pool has a taint that its pods must tolerate.

    EKS cannot change the instance types, the capacity type or the subnets of a group. So the group has a
    generated name, and its successor is ready before it goes: its pods move to nodes that exist.
    """
    spec = pool.spec
    template = _launch_template(scope, id_, names=names, disk_gib=spec.disk_gib)
    group = aws.EksNodeGroup(
        scope,
        id_,
        node_group_name_prefix=pool.group_prefix,
        cluster_name=cluster.name,
        version=cluster.version,
        # Without it a node keeps the packages of the day on which its group was created.
        release_version=EKS_VERSIONS[names.env.cluster.kubernetes_version].node_release,
        node_role_arn=role.arn,
        subnet_ids=subnet_ids,
        ami_type=_AMI_TYPE,
        capacity_type=spec.capacity_type,
        instance_types=list(spec.instance_types),
        launch_template=aws.EksNodeGroupLaunchTemplate(
            id=template.id, version=cdktf.Token.as_string(template.latest_version)
        ),
        scaling_config=aws.EksNodeGroupScalingConfig(
            min_size=spec.min_size, desired_size=spec.desired_size, max_size=spec.max_size
        ),
        update_config=aws.EksNodeGroupUpdateConfig(max_unavailable=1),
        # EKS stops draining a node after 15 minutes, which is also the longest time of a job. Pods on
        # spot nodes must survive the loss of their node after two minutes' notice, so an update need
        # not wait for them.
        force_update_version=spec.capacity_type is CapacityType.SPOT,
        labels=pool.labels,
        taint=[aws.EksNodeGroupTaint(key=NODE_POOL_LABEL, value=pool.name, effect="NO_SCHEDULE")]
        if pool.dedicated
        else None,
        depends_on=list(depends_on),
        lifecycle=cdktf.TerraformResourceLifecycle(
            create_before_destroy=True,
            # The cluster autoscaler sets the size between the bounds.
            ignore_changes=["scaling_config[0].desired_size"],
        ),
    )
    _autoscaler_tags(
        scope,
        id_,
        names=names,
        group=group,
        pool=pool,
    )
    return group


def _launch_template(
    scope: constructs.Construct, id_: str, *, names: Names, disk_gib: int
) -> aws.LaunchTemplate:
    # The provider's default tags apply to the template and not to what is launched from it.
    tags = names.tags(Stack.CLUSTER) | {"Name": names.aws(id_)}
    return aws.LaunchTemplate(
        scope,
        f"{id_}-launch-template",
        # A group that is created before the old one goes needs a template of which the same is true.
        name_prefix=f"{names.aws(id_)}-",
        update_default_version=True,
        block_device_mappings=[
            aws.LaunchTemplateBlockDeviceMappings(
                device_name="/dev/xvda",
                ebs=aws.LaunchTemplateBlockDeviceMappingsEbs(
                    volume_size=disk_gib,
                    volume_type="gp3",
                    # No kms_key_id, so the account's EBS key encrypts the disk, which holds images
                    # and temporary files. The policy of a key of ours would have to name the Auto
                    # Scaling service-linked role, which a new account does not have yet.
                    encrypted="true",
                    delete_on_termination="true",
                ),
            )
        ],
        metadata_options=aws.LaunchTemplateMetadataOptions(
            http_endpoint="enabled",
            http_tokens="required",
            # A response does not get further than the node: no pod can get the node's credentials.
            http_put_response_hop_limit=1,
            instance_metadata_tags="disabled",
        ),
        monitoring=aws.LaunchTemplateMonitoring(enabled=True),
        tag_specifications=[
            aws.LaunchTemplateTagSpecifications(resource_type=resource, tags=tags)
            for resource in ("instance", "volume", "network-interface")
        ],
        tags={"Name": names.aws(id_)},
        lifecycle=cdktf.TerraformResourceLifecycle(create_before_destroy=True),
    )


def _autoscaler_tags(
    scope: constructs.Construct,
    id_: str,
    *,
    names: Names,
    group: aws.EksNodeGroup,
    pool: NodePool,
) -> None:
    """What the cluster autoscaler reads; EKS does not copy a node group's tags to its scaling group.

    The node template describes the label, taint and disk of a node while the group has no node. The
    autoscaler reads CPU and memory from the instance type, and the disk from this tag only: without it, no
    pod that requests `ephemeral-storage` would fit (kubernetes/autoscaler, cloudprovider/aws/README.md).
    """
    tags = {
        "enabled": (f"{_AUTOSCALER}/enabled", "true"),
        "owner": (f"{_AUTOSCALER}/{names.cluster}", "owned"),
        "label": (f"{_AUTOSCALER}/node-template/label/{NODE_POOL_LABEL}", pool.name),
        "disk": (
            f"{_AUTOSCALER}/node-template/resources/ephemeral-storage",
            f"{node_disk_gib(pool.spec.disk_gib)}Gi",
        ),
    }
    if pool.dedicated:
        tags["taint"] = (
            f"{_AUTOSCALER}/node-template/taint/{NODE_POOL_LABEL}",
            f"{pool.name}:NoSchedule",
        )
    auto_scaling_group = group.resources.get(0).autoscaling_groups.get(0).name
    for role, (key, value) in tags.items():
        aws.AutoscalingGroupTagA(
            scope,
            f"{id_}-autoscaler-{role}",
            autoscaling_group_name=auto_scaling_group,
            tag=aws.AutoscalingGroupTagTag(key=key, value=value, propagate_at_launch=False),
            # The autoscaler must find the new group before the old one goes.
            lifecycle=cdktf.TerraformResourceLifecycle(create_before_destroy=True),
        )
