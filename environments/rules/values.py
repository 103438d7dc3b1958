"""What rules of several sections share."""

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
    """The network that the text names, if it names one."""
    try:
        return IPv4Network(text)
    except ValueError:
        return None


def is_region(text: str) -> bool:
    """Whether it has the form of an AWS region's name, and not of one whose ARNs do not begin `arn:aws:`.

    Those of China and the two governments are partitions of their own (AWS General Reference, "ARNs").
    """
    return re.fullmatch(r"(?!cn-|us-gov-|us-iso)[a-z]{2}(-[a-z]+)+-\d", text) is not None


def nearest_or_add(name: str) -> str:
    """What to do about an unknown instance type."""
    family = name.split(".")[0]
    near = [known for known in catalog.INSTANCE_TYPES if known.startswith(family[:1])]
    return f"use one of {', '.join(near or catalog.INSTANCE_TYPES)}, or add it to environments/catalog.py"


def compute_problems(field: str, compute: Compute) -> Iterator[str]:
    """What is wrong with a container's requests and limits."""
    for what, unit in (("cpu", "millicores"), ("memory", "mib")):
        request = getattr(compute, f"{what}_request_{unit}")
        limit = getattr(compute, f"{what}_limit_{unit}")
        if not 0 < request <= limit:
            yield (
                f"{field}: {what} request {request} against limit {limit} {unit}; order them "
                "0 < request <= limit"
            )
