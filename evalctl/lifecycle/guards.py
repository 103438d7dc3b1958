"""What protects an environment's data; a person must lift each protection before a teardown."""

import json
from collections.abc import Iterator
from pathlib import Path

from environments.names import Bucket, Names, Stack
from evalctl.processes import CommandFailedError, Json, json_output

PAGE = "docs/teardown.md, step 1"


def in_the_checkout(names: Names) -> Iterator[str]:
    """Checks the value that cdktf will read, and the rendered file that was reviewed."""
    name = names.env.name
    rendered = Path(names.stack_file(Stack.DATABASE))
    if names.env.database.deletion_protection:
        yield (
            f"environments/{name}.py protects its data (database.deletion_protection). If {name} may "
            f"go, set it to False, render, and deploy {name}-{Stack.DATABASE} ({PAGE})"
        )
    elif not rendered.exists():
        yield f"{rendered} not found. Start in the repository's root, after `make render`"
    elif any(_protected(database) for database in _databases(rendered)):
        yield f"{rendered} still protects the database: run `make render`, and deploy it ({PAGE})"


def in_the_account(names: Names) -> Iterator[str]:
    """What AWS would refuse to delete at a time when other stacks are destroyed already.

    Buckets are checked later: the apps write to them until the apps are deleted.
    """
    for check in (_protected_database, _full_repositories, _full_vaults):
        try:
            yield from check(names)
        except CommandFailedError as error:
            yield f"AWS did not list what it would refuse to delete: {error}"


def full_buckets(names: Names) -> list[str]:
    """Buckets in the storage state that hold an object, an old version or a delete marker.

    Raises:
        CommandFailedError: AWS cannot be queried.
    """
    buckets = [str(bucket["bucket"]) for bucket in _in_state(names, Stack.STORAGE, "aws_s3_bucket")]
    return [bucket for bucket in buckets if _full_bucket(bucket, names)]


def _protected_database(names: Names) -> Iterator[str]:
    instance = names.aws("postgres")
    found = _query(
        *("rds", "describe-db-instances", "--db-instance-identifier", instance),
        region=names.env.account.region,
        gone="DBInstanceNotFound",
    ).get("DBInstances")
    if isinstance(found, list) and any(database["DeletionProtection"] for database in found):
        stack = f"{names.env.name}-{Stack.DATABASE}"
        yield (
            f"AWS still protects the database {instance}: deploy the stack that no longer protects it, "
            f"`node_modules/.bin/cdktf deploy {stack}` ({PAGE})"
        )


def _full_repositories(names: Names) -> Iterator[str]:
    """ECR's DeleteRepository refuses one with images, unless forced."""
    region = names.env.account.region
    for repository in _in_state(names, Stack.REGISTRY, "aws_ecr_repository"):
        name = str(repository["name"])
        named = ("--repository-name", name)
        if _query(
            *("ecr", "list-images", *named, "--max-items", "1"),
            region=region,
            gone="RepositoryNotFoundException",
        ).get("imageIds"):
            yield (
                f"The repository {name} holds images. If nobody needs them: `aws ecr delete-repository "
                f"--force --region {region} --repository-name {name}`; to keep it: {PAGE}"
            )


def _full_vaults(names: Names) -> Iterator[str]:
    """AWS Backup's DeleteBackupVault refuses one with recovery points."""
    for vault in _in_state(names, Stack.BACKUP, "aws_backup_vault"):
        name, region = str(vault["name"]), str(vault["arn"]).split(":")[3]
        gone = "ResourceNotFoundException"
        named = ("--backup-vault-name", name)
        points = ("backup", "list-recovery-points-by-backup-vault", *named, "--max-items", "1")
        if _query(*points, region=region, gone=gone).get("RecoveryPoints"):
            described = _query("backup", "describe-backup-vault", *named, region=region, gone=gone)
            yield f"The backup vault {name} in {region} holds recovery points. {_how_to_empty(names, described)}"


def _how_to_empty(names: Names, vault: Json) -> str:
    """A lock with a date is in compliance mode: after that date nobody can lift it, not even AWS."""
    if "LockDate" in vault:
        return (
            "Its lock is in compliance mode and nobody can lift it after its LockDate, "
            f"{vault['LockDate']}. Then recovery points go only when they expire: keep the vault ({PAGE})"
        )
    if vault.get("Locked"):
        return (
            f"Its lock forbids to delete them: set backup.vault_locked to False in "
            f"environments/{names.env.name}.py, render, and apply {names.env.name}-{Stack.BACKUP} yourself, "
            f"because a deploy must not remove a lock; then delete them, or keep the vault ({PAGE})"
        )
    return f"Delete them, or keep the vault ({PAGE})"


def _full_bucket(bucket: str, names: Names) -> bool:
    found = _query(
        *("s3api", "list-object-versions", "--bucket", bucket, "--max-items", "1"),
        region=names.env.account.region,
        gone="NoSuchBucket",
    )
    return bool(found.get("Versions") or found.get("DeleteMarkers"))


def _in_state(names: Names, stack: Stack, kind: str) -> Iterator[Json]:
    """The attributes of what a destroy would delete; what is kept was removed from the state before."""
    state = f"s3://{names.bucket(Bucket.STATE)}/{names.state_key(stack)}"
    region = names.env.account.region
    resources = _query("s3", "cp", state, "-", region=region, gone="(404)").get("resources")
    for resource in resources if isinstance(resources, list) else ():
        if resource["type"] == kind:
            yield from (instance["attributes"] for instance in resource["instances"])


def _query(*command: str, region: str, gone: str) -> Json:
    """The output of the AWS command line; empty if it fails with the error that `gone` names.

    Raises:
        CommandFailedError: it fails with another error.
    """
    try:
        return json_output(("aws", *command, "--region", region, "--output", "json"))
    except CommandFailedError as error:
        if gone in error.reason:
            return {}
        raise


def _databases(rendered: Path) -> Iterator[Json]:
    resources = json.loads(rendered.read_text(encoding="utf-8"))["resource"]
    yield from resources.get("aws_db_instance", {}).values()


def _protected(database: Json) -> bool:
    return database.get("deletion_protection") is not False
