"""Addresses in the subnets, where nodes, pods and stores take theirs."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from environments.address_plan import address_plan
from environments.capacity import DAEMON_PODS, nodes_in_an_update, smallest_type, workers_on_a_node
from environments.demands.demand import Demand
from environments.spec import Environment

# AWS keeps five addresses of a subnet (VPC user guide, "Subnet CIDR blocks").
_KEPT_ADDRESSES = 5
# The control plane's interfaces (EKS user guide, "VPC and subnet considerations": at least six, better sixteen).
_CONTROL_PLANE_ADDRESSES = 16
# A load balancer (Elastic Load Balancing user guide, "Subnets": eight free), and a NAT gateway.
_PUBLIC_ADDRESSES = 8 + 1
# PostgreSQL, and the instance that a restore makes.
_DATABASE_ADDRESSES = 2


def demands(env: Environment) -> Iterator[Demand]:
    """Each zone's subnets: one zone may get every node of a group, if the others have no capacity."""
    general, workers = env.cluster.general, env.cluster.workers_spot
    general_type, worker_type = smallest_type(general), smallest_type(workers)
    try:
        plan = address_plan(env.network)
    except (ValueError, IndexError):  # refused by other rules
        return
    if not plan or general_type is None or worker_type is None:
        return
    if (on_node := workers_on_a_node(worker_type, env.worker)) < 1:
        return
    of_nodes = [
        (nodes_in_an_update(general), general_type.addresses(general_type.most_pods)),
        (nodes_in_an_update(workers), worker_type.addresses(on_node + DAEMON_PODS)),
    ]
    endpoints = len(env.network.interface_endpoints)
    private = (
        sum(count * each for count, each in of_nodes)
        + endpoints
        + env.clickhouse.nodes
        + _CONTROL_PLANE_ADDRESSES
    )
    data = _DATABASE_ADDRESSES + 1 + env.queue.replicas
    for name, needs, subnet, counted in (
        (
            "private",
            private,
            plan[0].private,
            f"{' and '.join(f'{count} nodes with {each}' for count, each in of_nodes)} while both groups are updated, "
            f"{endpoints} endpoints, {env.clickhouse.nodes} ClickHouse, {_CONTROL_PLANE_ADDRESSES} control plane",
        ),
        ("public", _PUBLIC_ADDRESSES, plan[0].public, "a load balancer and a NAT gateway"),
        ("data", data, plan[0].data, "PostgreSQL, its restore, Valkey and its replicas"),
    ):
        has = _usable(subnet)
        yield Demand(
            what=f"addresses in a {name} subnet",
            needs=needs,
            has=has,
            counted=f"{counted}; {subnet}",
            problem=f"network.vpc_cidr: a {name} subnet of {env.network.vpc_cidr} has {has} addresses, and {needs} may be "
            f"used in it ({counted}); use a larger range, or lower max_size of the node groups",
        )


def _usable(subnet: IPv4Network) -> int:
    return subnet.num_addresses - _KEPT_ADDRESSES
