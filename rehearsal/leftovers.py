"""What a teardown left behind, but for what AWS keeps on purpose."""

from environments.names import PLATFORM
from environments.spec import Environment
from rehearsal.emulator import EmulatedAws

_TAG = {"Key": "Platform", "Values": [PLATFORM]}


def leftovers(env: Environment, aws: EmulatedAws) -> list[str]:
    """ARNs that carry the platform's tag. Keys and secrets in their waiting period do not count.

    Final snapshots do not count either: a teardown keeps them.
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
        and not _waiting_key(aws, region, arn)
        and not _waiting_secret(aws, region, arn)
        and not _terminated_instance(aws, region, arn)
    ]


def _waiting_key(aws: EmulatedAws, region: str, arn: str) -> bool:
    if ":kms:" not in arn:
        return False
    key = aws.client("kms", region).describe_key(KeyId=arn)["KeyMetadata"]
    return bool(key["KeyState"] == "PendingDeletion")


def _waiting_secret(aws: EmulatedAws, region: str, arn: str) -> bool:
    if ":secretsmanager:" not in arn:
        return False
    secret = aws.client("secretsmanager", region).describe_secret(SecretId=arn)
    return "DeletedDate" in secret


def _terminated_instance(aws: EmulatedAws, region: str, arn: str) -> bool:
    """EC2 shows a terminated instance for about an hour."""
    if ":instance/" not in arn:
        return False
    (reservation,) = aws.client("ec2", region).describe_instances(
        InstanceIds=[arn.rpartition("/")[2]]
    )["Reservations"]
    return bool(reservation["Instances"][0]["State"]["Name"] == "terminated")
