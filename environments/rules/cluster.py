"""The EKS cluster and its node groups."""

import re
from collections.abc import Iterator

from environments import catalog
from environments.rules.values import nearest_or_add
from environments.spec import Environment, NodeGroup

# IAM's characters (API reference, CreateRole: Path and RoleName).
_ROLE = re.compile(r"([!-.0-~]+/)*[A-Za-z0-9+=,.@_-]{1,64}")


def problems(env: Environment) -> Iterator[str]:
    yield from _node_group("cluster.general", env.cluster.general)
    yield from _node_group("cluster.workers_spot", env.cluster.workers_spot)
    if not env.cluster.public_access_cidrs and not env.cluster.private_access_cidrs:
        yield (
            "cluster.private_access_cidrs: empty, as cluster.public_access_cidrs is, so nobody could reach "
            "the API; list the network of a VPN, a peered network or a bastion's subnet"
        )
    yield from _administrators(env.cluster.admin_role_names)


def _administrators(role_names: tuple[str, ...]) -> Iterator[str]:
    if not role_names:
        yield "cluster.admin_role_names: empty, so nobody could administer the cluster; name an IAM role"
    for role_name in role_names:
        if role_name.startswith("arn:") or not _ROLE.fullmatch(role_name):
            yield (
                f"cluster.admin_role_names: {role_name!r} is not a role's name with its path; write what "
                "follows ':role/' in its ARN"
            )
    names = [role_name.rpartition("/")[2] for role_name in role_names]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"cluster.admin_role_names: {name!r} is listed twice; an account has one role of a name, list it once"


def _node_group(field: str, group: NodeGroup) -> Iterator[str]:
    if not 0 <= group.min_size <= group.desired_size <= group.max_size or group.max_size < 1:
        yield (
            f"{field}: minimum {group.min_size}, desired {group.desired_size}, maximum "
            f"{group.max_size}; order them minimum <= desired <= maximum"
        )
    if not group.instance_types:
        yield f"{field}.instance_types: empty; name at least one EC2 instance type"
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
