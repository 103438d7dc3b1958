"""The EKS cluster and its node groups."""

import math
import re
from collections.abc import Iterator

from environments import catalog
from environments.rules.values import nearest_or_add, repeated
from environments.spec import CapacityType, Environment, NodeGroup

# IAM's characters (API reference, CreateRole: Path and RoleName).
_ROLE = re.compile(r"([!-.0-~]+/)*[A-Za-z0-9+=,.@_-]{1,64}")

_FEWEST_SPOT_TYPES = 3
_MOST_TYPES = 20  # EKS API reference, CreateNodegroup: instanceTypes


def problems(env: Environment) -> Iterator[str]:
    for field, group in (
        ("cluster.general", env.cluster.general),
        ("cluster.workers_spot", env.cluster.workers_spot),
    ):
        yield from _node_group(field, group)
        yield from _zones(field, group, of_network=env.network.zones)
    if env.cluster.general.capacity_type is not CapacityType.ON_DEMAND:
        yield (
            "cluster.general.capacity_type: SPOT, and EC2 could take the nodes of the API, of Prometheus and of Argo "
            "CD with two minutes' notice; use CapacityType.ON_DEMAND"
        )
    yield from _spot(env.cluster.workers_spot)
    yield from _zone_bound_volumes(env)
    if not env.cluster.public_access_cidrs and not env.cluster.private_access_cidrs:
        yield (
            "cluster.private_access_cidrs: empty, as cluster.public_access_cidrs is, so nobody could reach "
            "the API; list the network of a VPN, a peered network or a bastion's subnet"
        )
    yield from _administrators(env.cluster.admin_role_names)


def _spot(group: NodeGroup) -> Iterator[str]:
    """A spot pool is one type in one zone, and EC2 empties them one by one (EC2 user guide, "Spot best practices")."""
    field = "cluster.workers_spot"
    if group.capacity_type is not CapacityType.SPOT:
        return
    if len(group.instance_types) < _FEWEST_SPOT_TYPES:
        yield (
            f"{field}.instance_types: {len(group.instance_types)} listed, and workers stop when EC2 lacks them; list "
            f"at least {_FEWEST_SPOT_TYPES} of the same size"
        )
    if len(group.zones) < 2:
        yield f"{field}.zones: {len(group.zones)} listed, and workers stop when EC2 lacks capacity there; list two"


def _administrators(role_names: tuple[str, ...]) -> Iterator[str]:
    if not role_names:
        yield "cluster.admin_role_names: empty, so nobody could administer the cluster; name an IAM role"
    for role_name in role_names:
        if role_name.startswith("arn:") or not _ROLE.fullmatch(role_name):
            yield (
                f"cluster.admin_role_names: {role_name!r} is not a role's name with its path; write what "
                "follows ':role/' in its ARN"
            )
    for name in repeated(role_name.rpartition("/")[2] for role_name in role_names):
        yield f"cluster.admin_role_names: {name!r} is listed twice; an account has one role of a name, list it once"


def _node_group(field: str, group: NodeGroup) -> Iterator[str]:
    if not 0 <= group.min_size <= group.desired_size <= group.max_size or group.max_size < 1:
        yield (
            f"{field}: minimum {group.min_size}, desired {group.desired_size}, maximum "
            f"{group.max_size}; order them minimum <= desired <= maximum"
        )
    if not group.instance_types:
        yield f"{field}.instance_types: empty; name at least one EC2 instance type"
    if len(group.instance_types) > _MOST_TYPES:
        yield f"{field}.instance_types: {len(group.instance_types)} listed, EKS allows {_MOST_TYPES}; remove some"
    for name in repeated(group.instance_types):
        yield f"{field}.instance_types: {name!r} is listed twice; list it once"
    unknown = [name for name in group.instance_types if name not in catalog.INSTANCE_TYPES]
    for name in unknown:
        yield f"{field}.instance_types: {name!r} is unknown; {nearest_or_add(name)}"
    sizes = {
        (size.vcpus, size.memory_gib)
        for name in group.instance_types
        if (size := catalog.INSTANCE_TYPES.get(name)) is not None
    }
    if len(sizes) > 1:
        yield (
            f"{field}.instance_types: they differ in vCPUs or memory, so the autoscaler "
            "cannot predict a node's size; use types of the same size"
        )
    if group.disk_gib < 20:
        yield f"{field}.disk_gib: {group.disk_gib} GiB cannot hold the images; use at least 20"


def _zones(field: str, group: NodeGroup, *, of_network: tuple[str, ...]) -> Iterator[str]:
    if not group.zones:
        yield f"{field}.zones: empty; list at least one of network.zones"
    if len(set(group.zones)) < len(group.zones):
        yield f"{field}.zones: a zone is listed twice; list each once"
    for zone in group.zones:
        if of_network and zone not in of_network:  # an empty network.zones is reported by itself
            yield f"{field}.zones: {zone!r} is not in network.zones; use one of {', '.join(of_network)}"


def _zone_bound_volumes(env: Environment) -> Iterator[str]:
    """A pod with a volume of EBS runs only in the volume's zone, and the general pool holds all of them.

    With at least as many nodes as zones there is one in each, because AWS starts a node in the zone that
    has the fewest (EC2 Auto Scaling, "Distribute instances across Availability Zones"). With fewer, the
    zone of a new node is arbitrary: the cluster autoscaler cannot choose it in a group of several zones
    (kubernetes/autoscaler, cloudprovider/aws/README.md, "Common Notes and Gotchas").
    """
    zones, fewest = len(env.cluster.general.zones), _fewest_nodes(env)
    if fewest < zones:
        yield (
            f"cluster.general.zones: {zones} zones, but perhaps only {fewest} nodes. A volume of Prometheus "
            "may be in a zone without a node, and its pod would stay pending; list "
            f"{'one zone' if fewest < 2 else f'at most {fewest} zones'}, or raise cluster.general.min_size "
            f"to {zones}"
        )


def _fewest_nodes(env: Environment) -> int:
    """So many nodes the general pool has at least: its minimum, or what its replicas need."""
    general, orchestrator = env.cluster.general, env.orchestrator
    fewest = max(general.min_size, env.monitoring.prometheus_replicas)  # no two on one node
    cpus = [
        size.vcpus
        for name in general.instance_types
        if (size := catalog.INSTANCE_TYPES.get(name)) is not None
    ]
    if cpus and orchestrator.compute.cpu_request_millicores > 0:
        # EKS keeps 6 % of the first core and 1 % of the second (amazon-eks-ami, nodeadm).
        per_node = (max(cpus) * 1000 - 70) // orchestrator.compute.cpu_request_millicores
        fewest = max(fewest, math.ceil(orchestrator.replicas / max(per_node, 1)))
    return min(fewest, general.max_size)
