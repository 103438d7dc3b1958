"""What a stack's state holds and what its account holds besides, asked of the account itself."""

import json
from typing import Any

from environments.names import Bucket, Names
from evalctl.rehearsal.rehearse import Stage
from evalctl.rehearsal.workspace import Workspace


def addresses(workspace: Workspace) -> set[str]:
    """Everything that the stack manages."""
    resources = workspace.synthesized["resource"]
    return {f"{type_}.{name}" for type_, named in resources.items() for name in named}


def state_of(stage: Stage, workspace: Workspace) -> list[dict[str, Any]]:
    """The resources in the stack's state; none before it was saved."""
    s3 = stage.aws.client("s3")
    try:
        found = s3.get_object(
            Bucket=Names(stage.env).bucket(Bucket.STATE),
            Key=Names(stage.env).state_key(workspace.stack),
        )
    except s3.exceptions.NoSuchKey:
        return []
    resources = json.loads(found["Body"].read())["resources"]
    return [one for one in resources if one["mode"] == "managed" and one["instances"]]


def lock_of(stage: Stage, workspace: Workspace) -> str:
    key = f"{Names(stage.env).state_key(workspace.stack)}.tflock"
    held = stage.aws.client("s3").get_object(Bucket=Names(stage.env).bucket(Bucket.STATE), Key=key)
    lock: str = json.loads(held["Body"].read())["ID"]
    return lock


def unknown_to_its_state(stage: Stage, workspace: Workspace) -> set[str]:
    """ARNs with the stack's tags that are not in its state, as the page's command lists them."""
    pages = stage.aws.client("resourcegroupstaggingapi").get_paginator("get_resources")
    tags = {key: Names(stage.env).tags(workspace.stack)[key] for key in ("Platform", "Component")}
    tagged = {
        resource["ResourceARN"]
        for page in pages.paginate(
            TagFilters=[{"Key": key, "Values": [value]} for key, value in tags.items()]
        )
        for resource in page["ResourceTagMappingList"]
    }
    known = {
        instance["attributes"].get("arn")
        for resource in state_of(stage, workspace)
        for instance in resource["instances"]
    }
    return {arn for arn in tagged - known if ":snapshot:" not in arn}
