"""The stacks of every environment in the order in which they are applied; cdktf's entry point."""

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import cdktf

from environments.names import CLI_CONFIGURATION, LOCK_FILE, PROVIDER_LOCK, Stack
from environments.spec import Environment
from stacks.backup import BackupStack
from stacks.budget import BudgetStack
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

_ROOT = Path(__file__).parents[1]


def synthesize(environments: Sequence[Environment], *, outdir: Path | None = None) -> Path:
    """Write every stack of these environments, with the lock file that terraform reads in its folder.

    Returns the folder that has one folder for each stack. cdktf's CLI sets `outdir` when it is None.
    """
    app = build(environments, outdir=outdir)
    app.synth()
    stacks = Path(app.outdir, "stacks")
    for env in environments:
        for stack in Stack:
            shutil.copyfile(_ROOT / PROVIDER_LOCK, stacks / f"{env.name}-{stack}" / LOCK_FILE)
    return stacks


def build(environments: Iterable[Environment], *, outdir: Path | None = None) -> cdktf.App:
    """An app with every stack of these environments.

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
    BudgetStack(app, env=env)
    DeliveryStack(app, env=env)


def _require_cli_configuration() -> None:
    """Refuse to start for a cdktf whose terraform would install any provider that a state names."""
    named = Path(os.environ.get("TF_CLI_CONFIG_FILE", ""))
    if not (named.is_file() and named.samefile(_ROOT / CLI_CONFIGURATION)):
        sys.exit(
            f"The variable TF_CLI_CONFIG_FILE does not name {_ROOT / CLI_CONFIGURATION}, so terraform would "
            "install every provider that a state names. Run `source <(evalctl terraform-settings)` in this "
            "shell, then the same command again (docs/decisions/0014-one-provider.md)."
        )


if __name__ == "__main__":
    from environments.registry import ENVIRONMENTS
    from environments.rules import require_valid

    _require_cli_configuration()
    require_valid(ENVIRONMENTS)
    synthesize(ENVIRONMENTS)
