"""How a VPC is divided into subnets: Terraform makes them, and network policies name their addresses."""

from dataclasses import dataclass
from ipaddress import IPv4Network

from environments.names import API_SERVICE_CIDR
from environments.spec import Network


@dataclass(frozen=True)
class ZoneCidrs:
    """One zone's share of the VPC."""

    private: IPv4Network  # nodes, pods, ClickHouse, the Kubernetes API, AWS' interface endpoints
    public: IPv4Network  # load balancers and NAT gateways
    data: IPv4Network  # PostgreSQL and Valkey


def address_plan(network: Network) -> tuple[ZoneCidrs, ...]:
    """One eighth of the VPC for each zone's private subnet, where every pod takes an address.

    The fifth eighth is divided into sixteenths for the small public and data subnets. The rest
    stays free, so that a zone can be added without moving a subnet. Four zones fit.
    """
    eighths = tuple(IPv4Network(network.vpc_cidr).subnets(prefixlen_diff=3))
    small = tuple(eighths[4].subnets(prefixlen_diff=4))
    return tuple(
        ZoneCidrs(private=eighths[zone], public=small[zone], data=small[8 + zone])
        for zone in range(len(network.zones))
    )


def kubernetes_api(plan: tuple[ZoneCidrs, ...]) -> tuple[str, ...]:
    """The ranges in which pods reach the API server: its interfaces in the VPC, and its Service."""
    return (*(str(zone.private) for zone in plan), API_SERVICE_CIDR)
