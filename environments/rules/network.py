"""The VPC, and the networks that may reach it."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from environments.names import SERVICE_CIDR
from environments.rules.values import ipv4_network
from environments.spec import Environment

# The smallest VPC with a private subnet for pods (one address each) in every zone, see
# `stacks/network.py`. AWS allows /16 to /28 (VPC user guide, "VPC CIDR blocks").
_LARGEST_VPC_PREFIX = 20

# 10.0.0.0/8 is the largest private network.
_LARGEST_ADMITTED_PREFIX = 8


def problems(env: Environment) -> Iterator[str]:
    zones = env.network.zones
    if len(zones) < 2:
        yield f"network.zones: {len(zones)} listed, EKS and RDS need two; add one of the region's zones"
    if len(set(zones)) < len(zones):
        yield "network.zones: a zone is listed twice; list each once"
    for zone in zones:
        if not re.fullmatch(re.escape(env.account.region) + "[a-z]", zone):
            yield (
                f"network.zones: {zone!r} is not a zone of {env.account.region}; write it as in "
                + repr(f"{env.account.region}a")
            )
    if len(zones) > 4:
        yield f"network.zones: {len(zones)} listed, the address plan has room for four; remove some"
    vpc = ipv4_network(env.network.vpc_cidr)
    if vpc is None:
        yield f"network.vpc_cidr: {env.network.vpc_cidr!r} is not an IPv4 network; write it as in '10.20.0.0/16'"
    elif not 16 <= vpc.prefixlen <= _LARGEST_VPC_PREFIX:
        yield (
            f"network.vpc_cidr: a /{vpc.prefixlen} does not fit; each pod takes an address, "
            f"use /16 to /{_LARGEST_VPC_PREFIX}"
        )
    elif not vpc.is_private:
        yield f"network.vpc_cidr: {vpc} is a public range; use one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"
    elif vpc.overlaps(IPv4Network(SERVICE_CIDR)):
        yield (
            f"network.vpc_cidr: {vpc} overlaps {SERVICE_CIDR}, the addresses of Kubernetes services; "
            "choose another range"
        )
    for field, cidrs in (
        ("cluster.public_access_cidrs", env.cluster.public_access_cidrs),
        ("cluster.private_access_cidrs", env.cluster.private_access_cidrs),
        ("orchestrator.allowed_cidrs", env.orchestrator.allowed_cidrs),
    ):
        for text in cidrs:
            cidr = ipv4_network(text)
            if cidr is None:
                yield f"{field}: {text!r} is not an IPv4 network; write it as in '203.0.113.0/24'"
            elif cidr.prefixlen < _LARGEST_ADMITTED_PREFIX:
                yield (
                    f"{field}: {text} is the whole internet, or much of it; list the networks of "
                    "your users"
                )
        found = [cidr for text in cidrs if (cidr := ipv4_network(text)) is not None]
        for index, one in enumerate(found):
            for other in found[index + 1 :]:
                if one.overlaps(other):
                    yield f"{field}: {one} and {other} overlap; keep the wider one"
