"""One node in AWS: an instance that can be replaced, with an address and a volume that stay."""

import cdktf
import constructs

from stacks import aws
from stacks.parts.clickhouse_node.cloud_config import cloud_config
from stacks.parts.clickhouse_node.settings import ROOT_VOLUME_GIB, Node
from stacks.parts.iam import Statement, service_role, trust

_NVME = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_"
_DEVICE_PLACEHOLDER = "DATA-DEVICE-OF-THIS-NODE"


def replaceable_node(
    scope: constructs.Construct,
    *,
    node: Node,
    ami: str,
    zone: str,
    subnet_id: str,
    security_group_id: str,
    key_arn: str,
    statements: tuple[Statement, ...],
) -> aws.NetworkInterface:
    """A node with a role of its own that allows `statements`; returns the interface with its address."""
    name = node.names.aws(f"clickhouse-{node.index}")
    interface = aws.NetworkInterface(
        scope,
        f"interface-{node.index}",
        subnet_id=subnet_id,
        security_groups=[security_group_id],
        description=f"The lasting address of {node.host}",
        tags={"Name": name},
    )
    volume = _data_volume(scope, node, name=name, zone=zone, key_arn=key_arn)
    instance = aws.Instance(
        scope,
        f"node-{node.index}",
        ami=ami,
        instance_type=node.names.env.clickhouse.instance_type,
        iam_instance_profile=_profile(scope, node, name=name, statements=statements),
        network_interface=[
            aws.InstanceNetworkInterface(device_index=0, network_interface_id=interface.id)
        ],
        metadata_options=aws.InstanceMetadataOptions(
            http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
        ),
        root_block_device=_root_volume(name=name, key_arn=key_arn),
        ebs_optimized=True,
        monitoring=True,
        user_data_base64=_user_data(scope, node, volume),
        # A new AMI or configuration in the code must not replace every node in one apply. People
        # replace nodes one after the other: docs/clickhouse.md describes how.
        lifecycle=cdktf.TerraformResourceLifecycle(ignore_changes=["ami", "user_data_base64"]),
        tags={"Name": name},
    )
    aws.VolumeAttachment(
        scope,
        f"data-volume-attachment-{node.index}",
        device_name="/dev/sdf",
        instance_id=instance.id,
        volume_id=volume.id,
        stop_instance_before_detaching=True,  # so that the file system is unmounted first
    )
    return interface


def _data_volume(
    scope: constructs.Construct, node: Node, *, name: str, zone: str, key_arn: str
) -> aws.EbsVolume:
    return aws.EbsVolume(
        scope,
        f"data-volume-{node.index}",
        availability_zone=zone,
        type="gp3",
        size=node.names.env.clickhouse.data_volume_gib,
        encrypted=True,
        kms_key_id=key_arn,
        # After a teardown of the environment the data still exists as a snapshot.
        final_snapshot=True,
        tags={"Name": f"{name}-data"},
    )


def _root_volume(*, name: str, key_arn: str) -> aws.InstanceRootBlockDevice:
    return aws.InstanceRootBlockDevice(
        volume_type="gp3",
        volume_size=ROOT_VOLUME_GIB,
        encrypted=True,
        kms_key_id=key_arn,
        tags={"Name": name},
    )


def _profile(
    scope: constructs.Construct, node: Node, *, name: str, statements: tuple[Statement, ...]
) -> str:
    role = service_role(
        scope,
        f"role-{node.index}",
        names=node.names,
        name=name,
        trust_policy=trust("ec2.amazonaws.com"),
        statements=statements,
    )
    # The instance waits for its profile, so it starts with all rights.
    return aws.IamInstanceProfile(
        scope,
        f"profile-{node.index}",
        name=name,
        role=role.name,
        depends_on=list(role.permissions),
    ).name


def _user_data(scope: constructs.Construct, node: Node, volume: aws.EbsVolume) -> str:
    """The cloud-config, compressed by Terraform: readable when rendered, within EC2's size limit.

    It is rendered as a list of its lines, so that a diff shows the lines that change.
    """
    document = cloud_config(node, data_device=_DEVICE_PLACEHOLDER)
    # Terraform would evaluate the shell's `${...}`.
    escaped = document.replace("${", "$${").replace("%{", "%%{")
    # Nitro instances name an EBS volume's device after its id without the hyphen.
    device = _NVME + cdktf.Fn.replace(volume.id, "-", "")
    local = cdktf.TerraformLocal(
        scope,
        f"cloud-config-{node.index}",
        escaped.replace(_DEVICE_PLACEHOLDER, device).split("\n"),
    )
    return cdktf.Fn.base64gzip(cdktf.Fn.join("\n", local.as_list))
