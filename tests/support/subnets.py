"""Addresses in each kind of subnet that Terraform makes."""

from ipaddress import IPv4Network

from environments.names import Stack
from tests.support.terraform import Terraform


def addresses_by_tier(stacks: dict[Stack, Terraform]) -> dict[str, list[str]]:
    """Tier → the first and the last address of its subnet in each zone."""
    found: dict[str, list[str]] = {}
    for subnet in stacks[Stack.NETWORK].resources("aws_subnet").values():
        network = IPv4Network(subnet["cidr_block"])
        found.setdefault(subnet["tags"]["Tier"], []).extend([str(network[0]), str(network[-1])])
    return found
