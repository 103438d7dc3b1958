"""What the environment has: machines, stores, pods, and how long data is kept."""

from collections.abc import Iterator

from environments.spec import Environment
from evalctl.overview.markdown import table
from evalctl.parsed.environment import RenderedEnvironment
from evalctl.parsed.kubernetes import objects, pods
from evalctl.parsed.node import Node
from evalctl.parsed.terraform import resources


def sizes(env: Environment, rendered: RenderedEnvironment) -> Iterator[str]:
    """Two tables: what AWS runs, and what Kubernetes runs."""
    yield from table(("in AWS", "size", "details"), _in_aws(env, rendered))
    yield ""
    yield from table(
        ("in Kubernetes", "pods", "CPU, requested and limit", "memory, requested and limit"),
        _in_kubernetes(rendered),
    )


def _in_aws(env: Environment, rendered: RenderedEnvironment) -> Iterator[tuple[str, str, str]]:
    for group in resources(rendered, "aws_eks_node_group"):
        size = group["scaling_config"]
        first, *others = group["instance_types"].texts()
        yield (
            f"nodes {group.id}",
            f"{_value(size['min_size'])} to {_value(size['max_size'])} {first}",
            f"{_value(group['capacity_type'])}; {len(others)} other types stand behind it",
        )
    for instance in resources(rendered, "aws_db_instance"):
        yield (
            "PostgreSQL",
            _value(instance["instance_class"]),
            f"{_value(instance['allocated_storage'])} to {_value(instance['max_allocated_storage'])} GiB, "
            f"{'a standby in another zone' if instance['multi_az'].flag() else 'no standby'}",
        )
    for queue in resources(rendered, "aws_elasticache_replication_group"):
        nodes = _value(queue["num_cache_clusters"])
        yield "Valkey queue", f"{nodes} {_value(queue['node_type'])}", "jobs are never evicted"
    machines = list(resources(rendered, "aws_instance"))
    volumes = [_value(each["size"]) for each in resources(rendered, "aws_ebs_volume")]
    if machines and volumes:
        kind = _value(machines[0]["instance_type"])
        yield "ClickHouse", f"{len(machines)} {kind}", f"{volumes[0]} GiB each"
    gateways = len(list(resources(rendered, "aws_nat_gateway")))
    yield "NAT gateways", str(gateways), f"for {len(env.network.zones)} zones"
    for plan in resources(rendered, "aws_backup_plan"):
        kept = [
            f"{_value(rule['rule_name'])} for {_value(rule.at('lifecycle', 'delete_after'))} days"
            for rule in plan["rule"].items()
        ]
        yield f"backups by {plan.id}", "", ", ".join(kept)


def _in_kubernetes(rendered: RenderedEnvironment) -> Iterator[tuple[str, ...]]:
    scalers = {
        each.at("spec", "scaleTargetRef", "name").value: each["spec"]
        for each in objects(rendered, "HorizontalPodAutoscaler")
    }
    for owner in pods(rendered):
        scaler = scalers.get(owner.name)
        count = (
            _value(owner.owner.at("spec", "replicas"))
            if scaler is None
            else (f"{_value(scaler['minReplicas'])} to {_value(scaler['maxReplicas'])}")
        )
        if owner.kind == "Job":
            count = "1 in each sync"
        for container in owner.spec["containers"].items():
            sized = container["resources"]
            yield (
                f"{owner.kind} {owner.name}",
                count,
                *(
                    f"{_value(sized.at('requests', size))}, {_value(sized.at('limits', size))}"
                    for size in ("cpu", "memory")
                ),
            )


def _value(node: Node) -> str:
    return str(node.value)
