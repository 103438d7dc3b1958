"""Changes to a running environment: the changed values and the stacks that they render."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from environments.catalog import EKS_VERSIONS
from environments.names import Stack
from environments.spec import Environment

Rendered = dict[Stack, dict[str, Any]]


def grown(env: Environment) -> Environment:
    """More workers, a larger database, the next Kubernetes version if any, three ClickHouse nodes.

    The new nodes are not admitted yet: that is the first step of docs/clickhouse.md. The database's
    storage grows beyond the size from which AWS requires a higher performance.
    """
    versions = list(EKS_VERSIONS)
    step = versions.index(env.cluster.kubernetes_version) + 1
    cluster, database = env.cluster, env.database
    return replace(
        env,
        cluster=replace(
            cluster,
            kubernetes_version=versions[min(step, len(versions) - 1)],
            workers_spot=replace(
                cluster.workers_spot,
                min_size=cluster.workers_spot.min_size + 1,
                desired_size=cluster.workers_spot.desired_size + 1,
                max_size=cluster.workers_spot.max_size + 2,
            ),
        ),
        database=replace(
            database, storage_gib=400, max_storage_gib=1000, instance_class="db.t4g.large"
        ),
        clickhouse=replace(env.clickhouse, nodes=3),
    )


def render(env: Environment, outdir: Path) -> Rendered:
    """Every stack of this value."""
    from stacks.app import build

    build([env], outdir=outdir).synth()
    folders = {stack: outdir / "stacks" / f"{env.name}-{stack}" for stack in Stack}
    return {
        stack: json.loads((folder / "cdk.tf.json").read_text()) for stack, folder in folders.items()
    }


def with_another_bucket(storage: dict[str, Any]) -> dict[str, Any]:
    """The stack with one more bucket, which has the settings of the bucket for reports."""
    return storage | {
        "resource": {
            type_: named
            | {
                name.replace("reports", "drafts"): json.loads(
                    json.dumps(body).replace("reports", "drafts")
                )
                for name, body in named.items()
                if name.startswith("reports")
            }
            for type_, named in storage["resource"].items()
        }
    }


def with_argument(stack: dict[str, Any], address: str, name: str, value: str) -> dict[str, Any]:
    """The stack with one argument of one resource changed."""
    type_, _, id_ = address.partition(".")
    changed: dict[str, Any] = json.loads(json.dumps(stack))
    assert changed["resource"][type_][id_][name] != value
    changed["resource"][type_][id_][name] = value
    return changed
