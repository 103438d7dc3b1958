"""Functions that the rules of several sections use."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
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
    """The network, or None if the text is not one in the form that AWS accepts.

    Python also reads masks, as in "10.0.0.0/255.0.0.0", and addresses without a prefix.
    """
    try:
        network = IPv4Network(text)
    except ValueError:
        return None
    return network if str(network) == text else None


def repeated(values: Iterable[str]) -> list[str]:
    """The values that occur more than once, each once."""
    return sorted(value for value, times in Counter(values).items() if times > 1)


def is_github_owner(text: str) -> bool:
    """Letters, digits and single hyphens, at most 39 (dead-claudia/github-limits, from GitHub's form for a new account)."""
    return len(text) <= 39 and re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", text) is not None


def is_github_repository(text: str) -> bool:
    """At most 100 characters, without the endings that GitHub reserves (github/docs#44805, "Repository name")."""
    return (
        re.fullmatch(r"[A-Za-z0-9._-]{1,100}", text) is not None
        and text not in (".", "..")
        and not text.lower().endswith((".git", ".wiki"))
    )


def nearest_or_add(name: str) -> str:
    """What to do about an unknown instance type."""
    family = name.split(".")[0]
    near = [known for known in catalog.INSTANCE_TYPES if known.startswith(family[:1])]
    return f"use one of {', '.join(near or catalog.INSTANCE_TYPES)}, or add it to environments/catalog.py"


# Of one container: more than any machine of the catalog has.
_MOST_MILLICORES = 64_000
_MOST_MIB = 512 * 1024


def compute_problems(field: str, compute: Compute) -> Iterator[str]:
    """What is wrong with a container's requests and limits."""
    for resource, unit, most in (
        ("cpu", "millicores", _MOST_MILLICORES),
        ("memory", "mib", _MOST_MIB),
    ):
        request = getattr(compute, f"{resource}_request_{unit}")
        limit = getattr(compute, f"{resource}_limit_{unit}")
        if not 0 < request <= limit:
            yield (
                f"{field}: {resource} request {request}, limit {limit} {unit}; order them "
                "0 < request <= limit"
            )
        elif limit > most:
            yield f"{field}: {resource} limit {limit} {unit}; use at most {most}"
