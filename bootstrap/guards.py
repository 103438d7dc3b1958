"""What keeps an environment's data from being destroyed, and must be lifted on purpose before."""

import json
from collections.abc import Iterator
from pathlib import Path

from bootstrap.programs import CommandFailedError, Json, json_output
from environments.names import Names, Stack

_PAGE = "docs/teardown.md, step 1"


def in_the_checkout(names: Names) -> Iterator[str]:
    """Asked of the value that cdktf will read, and of what was rendered and reviewed."""
    name = names.env.name
    rendered = Path(names.stack_folder(Stack.DATABASE), "cdk.tf.json")
    if names.env.database.deletion_protection:
        yield (
            f"environments/{name}.py protects its data (database.deletion_protection): whoever decides "
            f"that {name} may go sets it to False, renders and deploys {name}-{Stack.DATABASE} ({_PAGE})"
        )
    elif not rendered.exists():
        yield f"{rendered} not found: start in the repository's root, after `make render`"
    elif any(_protected(database) for database in _databases(rendered)):
        yield f"{rendered} still protects the database: run `make render`, and deploy it ({_PAGE})"


def in_the_account(names: Names) -> Iterator[str]:
    """AWS refuses to delete a protected database, when much else would be gone already."""
    instance = names.aws("postgres")
    command = ("aws", "rds", "describe-db-instances", "--db-instance-identifier", instance)
    region = ("--region", names.env.account.region)
    try:
        found = json_output((*command, *region, "--output", "json"))["DBInstances"]
    except CommandFailedError as error:
        if "DBInstanceNotFound" not in error.said:
            yield f"AWS does not say whether {instance} is protected: {error.said}"
        return
    if isinstance(found, list) and any(database["DeletionProtection"] for database in found):
        stack = f"{names.env.name}-{Stack.DATABASE}"
        yield (
            f"AWS still protects the database {instance}: deploy the stack whose value no longer does, "
            f"`node_modules/.bin/cdktf deploy {stack}` ({_PAGE})"
        )


def _databases(rendered: Path) -> Iterator[Json]:
    resources = json.loads(rendered.read_text(encoding="utf-8"))["resource"]
    yield from resources.get("aws_db_instance", {}).values()


def _protected(database: Json) -> bool:
    return database.get("deletion_protection") is not False
