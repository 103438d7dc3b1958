"""Functions that the rules of several sections use."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from environments import catalog
from environments.spec import Compute, Environment


def value_at(env: Environment, field: str) -> int:
    """The number at a dotted path, as in "network.flow_log_retention_days"."""
    value: object = env
    for part in field.split("."):
        value = getattr(value, part)
    assert isinstance(value, int)
    return value


def ipv4_network(text: str) -> IPv4Network | None:
    """The network, or None if the text is not one."""
    try:
        return IPv4Network(text)
    except ValueError:
        return None


def is_region(text: str) -> bool:
    """Whether the text has the form of a region of the `aws` partition, whose ARNs begin with `arn:aws:`.

    China's and the governments' regions are in other partitions (AWS General Reference, "ARNs").
    """
    return re.fullmatch(r"(?!cn-|us-gov-|us-iso)[a-z]{2}(-[a-z]+)+-\d", text) is not None


def nearest_or_add(name: str) -> str:
    """What to do about an unknown instance type."""
    family = name.split(".")[0]
    near = [known for known in catalog.INSTANCE_TYPES if known.startswith(family[:1])]
    return f"use one of {', '.join(near or catalog.INSTANCE_TYPES)}, or add it to environments/catalog.py"


def compute_problems(field: str, compute: Compute) -> Iterator[str]:
    """What is wrong with a container's requests and limits."""
    for resource, unit in (("cpu", "millicores"), ("memory", "mib")):
        request = getattr(compute, f"{resource}_request_{unit}")
        limit = getattr(compute, f"{resource}_limit_{unit}")
        if not 0 < request <= limit:
            yield (
                f"{field}: {resource} request {request}, limit {limit} {unit}; order them "
                "0 < request <= limit"
            )
