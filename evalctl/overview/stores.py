"""The stores, and the entries in Secrets Manager that lead to them."""

from environments.names import Stack
from evalctl.parsed.environment import RenderedEnvironment
from evalctl.parsed.terraform import references, resources

# The stack of each store → what the chart calls the store.
STORES = {Stack.DATABASE: "PostgreSQL", Stack.QUEUE: "Valkey queue", Stack.CLICKHOUSE: "ClickHouse"}


def entries(rendered: RenderedEnvironment) -> dict[str, Stack]:
    """The entry's name → the stack of its store, which writes the entry or, for ClickHouse, makes its value."""
    found = {}
    for version in resources(rendered, "aws_secretsmanager_secret_version"):
        for reference in references(rendered, version.stack, version["secret_id"].text()):
            if reference.resource is not None and version.stack in STORES:
                found[reference.resource["name"].text()] = version.stack
    return found
