"""The stacks of every environment in the order in which they are applied; cdktf's entry point."""

from collections.abc import Iterable
from pathlib import Path

import cdktf

from environments.spec import Environment
from stacks.backup import BackupStack
from stacks.clickhouse import ClickHouseStack
from stacks.cluster import ClusterStack
from stacks.database import DatabaseStack
from stacks.delivery import DeliveryStack
from stacks.network import NetworkStack
from stacks.queue import QueueStack
from stacks.registry import RegistryStack
from stacks.secrets import SecretsStack
from stacks.state import StateStack
from stacks.storage import StorageStack


def build(environments: Iterable[Environment], *, outdir: Path | None = None) -> cdktf.App:
    """An app with every stack of these environments. cdktf's CLI sets `outdir` when it is None.

    When one stack uses an attribute of another, cdktf writes an output and a remote-state lookup,
    and orders `cdktf deploy` by it.
    """
    app = cdktf.App(
        outdir=None if outdir is None else str(outdir),
        # The validations start `terraform version` for every terraform_data, and a machine that only
        # renders has no terraform. `terraform validate` in the tests finds the same errors and more.
        skip_validation=True,
        context={"excludeStackIdFromLogicalIds": "true", "allowSepCharsInLogicalIds": "true"},
    )
    for env in environments:
        _add_stacks(app, env)
    return app


def _add_stacks(app: cdktf.App, env: Environment) -> None:
    StateStack(app, env=env)
    network = NetworkStack(app, env=env)
    secrets = SecretsStack(app, env=env)
    storage = StorageStack(app, env=env)
    cluster = ClusterStack(app, env=env, network=network, secrets=secrets, storage=storage)
    database = DatabaseStack(app, env=env, network=network, cluster=cluster, secrets=secrets)
    QueueStack(app, env=env, network=network, cluster=cluster, secrets=secrets)
    ClickHouseStack(
        app, env=env, network=network, cluster=cluster, secrets=secrets, storage=storage
    )
    BackupStack(app, env=env, database=database, storage=storage)
    RegistryStack(app, env=env)
    DeliveryStack(app, env=env)


if __name__ == "__main__":
    from environments.registry import ENVIRONMENTS
    from environments.rules import require_valid

    require_valid(ENVIRONMENTS)
    build(ENVIRONMENTS).synth()
