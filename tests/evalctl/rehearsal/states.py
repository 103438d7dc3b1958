"""Reads from the account what a stack's state contains and which resources it lacks."""

import json
from typing import Any

from environments.names import Bucket, Names
from evalctl.rehearsal.emulated_environment import EmulatedEnvironment
from evalctl.rehearsal.working_directory import WorkingDirectory


def addresses(directory: WorkingDirectory) -> set[str]:
    """The addresses of all resources of the stack."""
    resources = directory.synthesized["resource"]
    return {f"{type_}.{name}" for type_, named in resources.items() for name in named}


def state_of(emulated: EmulatedEnvironment, directory: WorkingDirectory) -> list[dict[str, Any]]:
    """The managed resources in the stack's state, or none if there is no state yet."""
    s3 = emulated.aws.client("s3")
    try:
        found = s3.get_object(
            Bucket=Names(emulated.env).bucket(Bucket.STATE),
            Key=Names(emulated.env).state_key(directory.stack),
        )
    except s3.exceptions.NoSuchKey:
        return []
    resources = json.loads(found["Body"].read())["resources"]
    return [each for each in resources if each["mode"] == "managed" and each["instances"]]


def lock_of(emulated: EmulatedEnvironment, directory: WorkingDirectory) -> str:
    key = f"{Names(emulated.env).state_key(directory.stack)}.tflock"
    held = emulated.aws.client("s3").get_object(
        Bucket=Names(emulated.env).bucket(Bucket.STATE), Key=key
    )
    lock: str = json.loads(held["Body"].read())["ID"]
    return lock


def missing_from_state(emulated: EmulatedEnvironment, directory: WorkingDirectory) -> set[str]:
    """ARNs with the stack's tags that are not in its state, like the page's command."""
    pages = emulated.aws.client("resourcegroupstaggingapi").get_paginator("get_resources")
    tags = {
        key: Names(emulated.env).tags(directory.stack)[key] for key in ("Platform", "Component")
    }
    tagged = {
        resource["ResourceARN"]
        for page in pages.paginate(
            TagFilters=[{"Key": key, "Values": [value]} for key, value in tags.items()]
        )
        for resource in page["ResourceTagMappingList"]
    }
    in_state = {
        instance["attributes"].get("arn")
        for resource in state_of(emulated, directory)
        for instance in resource["instances"]
    }
    return {arn for arn in tagged - in_state if ":snapshot:" not in arn}
