"""Finds the resources that a teardown left, except those that AWS keeps on purpose."""

from environments.names import PLATFORM
from environments.spec import Environment
from evalctl.rehearsal.emulator import EmulatedAws

_TAG = {"Key": "Platform", "Values": [PLATFORM]}


def leftovers(env: Environment, aws: EmulatedAws) -> list[str]:
    """ARNs with the platform's tag.

    Keys and secrets in their waiting period do not count, nor do the final snapshots of a teardown.
    """
    regions = [env.account.region]
    if env.account.backup_copy_region is not None:
        regions.append(env.account.backup_copy_region)
    return sorted(arn for region in regions for arn in _tagged(aws, region))


def _tagged(aws: EmulatedAws, region: str) -> list[str]:
    tagging = aws.client("resourcegroupstaggingapi", region)
    arns = [
        resource["ResourceARN"]
        for page in tagging.get_paginator("get_resources").paginate(TagFilters=[_TAG])
        for resource in page["ResourceTagMappingList"]
    ]
    return [
        arn
        for arn in arns
        if ":snapshot" not in arn
        and not _key_pending_deletion(aws, region, arn)
        and not _secret_pending_deletion(aws, region, arn)
        and not _deleted_from_ec2(aws, region, arn)
    ]


def _key_pending_deletion(aws: EmulatedAws, region: str, arn: str) -> bool:
    if ":kms:" not in arn:
        return False
    key = aws.client("kms", region).describe_key(KeyId=arn)["KeyMetadata"]
    return bool(key["KeyState"] == "PendingDeletion")


def _secret_pending_deletion(aws: EmulatedAws, region: str, arn: str) -> bool:
    if ":secretsmanager:" not in arn:
        return False
    secret = aws.client("secretsmanager", region).describe_secret(SecretId=arn)
    return "DeletedDate" in secret


def _deleted_from_ec2(aws: EmulatedAws, region: str, arn: str) -> bool:
    """EC2 lists terminated instances, deleted NAT gateways and endpoints for about an hour."""
    kind, _, id_ = arn.rpartition(":")[2].partition("/")
    if ":ec2:" not in arn or kind not in ("instance", "natgateway", "vpc-endpoint"):
        return False
    ec2 = aws.client("ec2", region)
    if kind == "instance":
        (reservation,) = ec2.describe_instances(InstanceIds=[id_])["Reservations"]
        states = [instance["State"]["Name"] for instance in reservation["Instances"]]
    elif kind == "natgateway":
        found = ec2.describe_nat_gateways(NatGatewayIds=[id_])["NatGateways"]
        states = [gateway["State"] for gateway in found]
    else:
        found = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-endpoint-id", "Values": [id_]}])
        states = [endpoint["State"] for endpoint in found["VpcEndpoints"]]
    return set(states) <= {"terminated", "deleted"}
