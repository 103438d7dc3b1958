"""The VPC, and the networks that may reach it."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from environments.address_plan import address_plan
from environments.catalog import INTERFACE_ENDPOINTS, REGIONS
from environments.names import SERVICE_CIDR
from environments.rules.values import ipv4_network, repeated
from environments.spec import Environment

# The smallest VPC with a private subnet for pods (one address each) in every zone, see
# `stacks/network.py`. AWS allows /16 to /28 (VPC user guide, "VPC CIDR blocks").
_LARGEST_VPC_PREFIX = 20

# RFC 1918. EKS refuses VPCs with other addresses (hashicorp/terraform-provider-aws#6186), and EC2 refuses
# loopback, link-local and multicast ones.
PRIVATE_NETWORKS = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))

# AWS advises against it, because some of its services use it themselves (VPC user guide, "VPC CIDR blocks").
_DOCKER = IPv4Network("172.17.0.0/16")

# Private, and yet not for a VPC.
RESERVED_NETWORKS = (_DOCKER, IPv4Network(SERVICE_CIDR))

# General Reference, "Amazon EKS endpoints and quotas": ranges that may reach one public endpoint; no account gets more.
_MOST_PUBLIC_CIDRS = 40
# A security group has at most 60 inbound rules (VPC user guide, "Amazon VPC quotas"). The load balancer's has two
# for each range, for ports 80 and 443; the cluster's has others besides.
_MOST_ADMITTED_CIDRS = 25

# 10.0.0.0/8 is the largest private network.
_LARGEST_ADMITTED_PREFIX = 8


def problems(env: Environment) -> Iterator[str]:
    zones = env.network.zones
    if len(zones) < 2:
        yield f"network.zones: {len(zones)} listed, EKS and RDS need two; add one of the region's zones"
    if len(set(zones)) < len(zones):
        yield "network.zones: a zone is listed twice; list each once"
    of_region = [f"{env.account.region}{letter}" for letter in REGIONS.get(env.account.region, "")]
    for zone in zones:
        if of_region and zone not in of_region:  # an unknown region is reported by itself
            yield (
                f"network.zones: {zone!r} is not a zone of {env.account.region}; use some of "
                f"{', '.join(of_region)}"
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
    elif not any(vpc.subnet_of(private) for private in PRIVATE_NETWORKS):
        yield (
            f"network.vpc_cidr: {vpc} is a public range, or one that AWS refuses; use a part of "
            f"{', '.join(map(str, PRIVATE_NETWORKS))}"
        )
    elif vpc.overlaps(_DOCKER):
        yield (
            f"network.vpc_cidr: {vpc} overlaps {_DOCKER}, which services of AWS and Docker use themselves; "
            "choose another range"
        )
    elif vpc.overlaps(IPv4Network(SERVICE_CIDR)):
        yield (
            f"network.vpc_cidr: {vpc} overlaps {SERVICE_CIDR}, the addresses of Kubernetes services; "
            "choose another range"
        )
    elif 2 <= len(zones) <= 4:
        yield from _private_access(env)
    yield from _interface_endpoints(env.network.interface_endpoints)
    if not env.orchestrator.allowed_cidrs:
        yield (
            "orchestrator.allowed_cidrs: empty, and the load balancer would admit everybody; list the networks "
            "of your users"
        )
    for cidr in map(ipv4_network, env.cluster.public_access_cidrs):
        if cidr is not None and any(cidr.overlaps(private) for private in PRIVATE_NETWORKS):
            yield (
                f"cluster.public_access_cidrs: {cidr} is private, and nobody comes from it over the internet; "
                "list it in cluster.private_access_cidrs"
            )
    yield from _admitted(env)


def _private_access(env: Environment) -> Iterator[str]:
    """Nodes and pods share the security group that these networks may reach."""
    for cidr in map(ipv4_network, env.cluster.private_access_cidrs):
        for zone in address_plan(env.network):
            if cidr is not None and cidr.overlaps(zone.private):
                yield (
                    f"cluster.private_access_cidrs: {cidr} overlaps {zone.private}, the addresses of pods, so "
                    "every pod could reach port 443 of every other; list only networks of people"
                )
                break


def _interface_endpoints(services: tuple[str, ...]) -> Iterator[str]:
    for service in services:
        if service not in INTERFACE_ENDPOINTS:
            yield (
                f"network.interface_endpoints: {service!r} is unknown; use some of "
                f"{', '.join(INTERFACE_ENDPOINTS)}, or add it to environments/catalog.py"
            )
    for service in repeated(services):
        yield f"network.interface_endpoints: {service!r} is listed twice; list it once"


def _admitted(env: Environment) -> Iterator[str]:
    for field, cidrs, most in (
        ("cluster.public_access_cidrs", env.cluster.public_access_cidrs, _MOST_PUBLIC_CIDRS),
        ("cluster.private_access_cidrs", env.cluster.private_access_cidrs, _MOST_ADMITTED_CIDRS),
        ("orchestrator.allowed_cidrs", env.orchestrator.allowed_cidrs, _MOST_ADMITTED_CIDRS),
    ):
        if len(cidrs) > most:
            yield f"{field}: {len(cidrs)} networks; AWS has room for {most}, list wider ones"
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
