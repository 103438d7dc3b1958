"""The VPC's subnets: what is in each, and where load balancers are."""

from ipaddress import IPv4Network
from itertools import combinations

from environments.address_plan import address_plan
from environments.names import Stack
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from tests.support.each_environment import EACH_ENVIRONMENT, EACH_NAME
from tests.support.terraform import Body, Stacks

_ROLES = ("kubernetes.io/role/elb", "kubernetes.io/role/internal-elb")


def subnets(stacks: Stacks, name: str) -> dict[str, Body]:
    return stacks[name][Stack.NETWORK].resources("aws_subnet")


@EACH_ENVIRONMENT
def test_terraform_makes_the_subnets_that_network_policies_name(
    terraform: Stacks, env: Environment
) -> None:
    for tier in ("private", "public", "data"):
        made = {
            body["availability_zone"]: body["cidr_block"]
            for body in subnets(terraform, env.name).values()
            if body["tags"]["Tier"] == tier
        }
        assert made == {
            zone: str(getattr(cidrs, tier))
            for zone, cidrs in zip(env.network.zones, address_plan(env.network), strict=True)
        }


def test_no_two_subnets_overlap() -> None:
    for env in ENVIRONMENTS:
        networks = [
            network
            for zone in address_plan(env.network)
            for network in (zone.private, zone.public, zone.data)
        ]
        assert not any(one.overlaps(other) for one, other in combinations(networks, 2))
        assert all(n.subnet_of(IPv4Network(env.network.vpc_cidr)) for n in networks)


@EACH_NAME
def test_load_balancers_are_where_no_pod_is(terraform: Stacks, name: str) -> None:
    """A network policy admits the load balancer by its subnets: see `k8s/parts/network_policies.py`."""
    groups = terraform[name][Stack.CLUSTER].resources("aws_eks_node_group").values()
    of_nodes = str([group["subnet_ids"] for group in groups])
    for id_, body in subnets(terraform, name).items():
        chosen = {role for role in _ROLES if role in body["tags"]}
        assert chosen == (set(_ROLES) if body["tags"]["Tier"] == "public" else set())
        assert (id_ in of_nodes) is (body["tags"]["Tier"] == "private")
