"""Growing ClickHouse: at every step of docs/clickhouse.md only one Keeper quorum can exist.

No Keeper can be had where the tests run, so the tests model its election, with the configurations that
the nodes really get. The rules of the model are those of NuRaft (src/handle_vote.cxx): a server votes
for every candidate whose log is not older than its own, also for one that is not in its configuration;
a server that starts as a follower is no candidate before a leader has called it
(`skip_initial_election_timeout_`).
"""

from dataclasses import dataclass, replace
from xml.etree import ElementTree

import pytest

from environments.dev import DEV
from environments.names import Names
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from environments.rules import problems_of
from environments.spec import Environment
from stacks.parts.clickhouse_node import settings
from tests.stacks.parts.fake_node import node_files

CLUSTER_FILE = f"{settings.SERVER_FOLDER}/config.d/10-cluster.xml"


@dataclass(frozen=True)
class Keeper:
    """One node's Keeper at its first start with this configuration."""

    index: int
    members: frozenset[int]
    candidate: bool


def keeper(env: Environment, index: int) -> Keeper:
    document = ElementTree.fromstring(node_files(Names(env), index)[CLUSTER_FILE])
    servers = document.findall("keeper_server/raft_configuration/server")
    waiting = {
        int(server.findtext("id", ""))
        for server in servers
        if server.findtext("start_as_follower") == "true"
    }
    members = frozenset(int(server.findtext("id", "")) for server in servers)
    assert document.findtext("keeper_server/server_id") == str(index)
    assert waiting <= {index}, "a node decides for itself only"
    return Keeper(index, members, index not in waiting)


def keepers(env: Environment) -> list[Keeper]:
    return [keeper(env, index) for index in range(1, env.clickhouse.nodes + 1)]


def sized(env: Environment, nodes: int, admitted: int) -> Environment:
    return replace(env, clickhouse=replace(env.clickhouse, nodes=nodes, admitted_nodes=admitted))


def elected(candidate: Keeper, voters: set[int]) -> bool:
    """Whether the candidate becomes leader when exactly these empty Keepers vote."""
    votes = len(candidate.members & voters)
    return candidate.candidate and votes > len(candidate.members) // 2


# The nodes before and after.
GROWTHS = pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 5), (1, 5)])


@GROWTHS
def test_empty_keepers_of_new_nodes_elect_no_leader(before: int, after: int) -> None:
    new = [one for one in keepers(sized(DEV, after, before)) if one.index > before]
    voters = {one.index for one in new}
    assert len(new) == after - before
    assert [one.index for one in new if elected(one, voters)] == []


@GROWTHS
def test_each_joining_node_lists_the_members_before_it_and_itself(before: int, after: int) -> None:
    """As in ClickHouse's own test of a growing quorum, `test_keeper_reconfig_add`."""
    for one in keepers(sized(DEV, after, before)):
        if one.index > before:
            assert one.members == frozenset(range(1, one.index + 1))


@GROWTHS
def test_a_node_that_is_a_member_keeps_its_list_while_others_join(before: int, after: int) -> None:
    """A member whose volume is lost must not count a node that has not joined."""
    members = keepers(sized(DEV, before, before))
    assert keepers(sized(DEV, after, before))[:before] == members


@pytest.mark.parametrize("nodes", [1, 3, 5])
def test_nodes_that_start_together_form_one_quorum(nodes: int) -> None:
    together = keepers(sized(DEV, nodes, nodes))
    everyone = frozenset(range(1, nodes + 1))
    assert {one.members for one in together} == {everyone}
    assert all(elected(one, set(everyone)) for one in together)


@pytest.mark.parametrize("admitted", [1, 2, 3])
def test_every_step_of_the_value_is_allowed_in_development(admitted: int) -> None:
    assert problems_of(sized(DEV, 3, admitted)) == []


@pytest.mark.parametrize("admitted", [3, 4, 5])
def test_every_step_of_the_value_is_allowed_in_production(admitted: int) -> None:
    assert problems_of(sized(PROD, 5, admitted)) == []


@pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
def test_members_change_by_reconfig_only(env: Environment) -> None:
    """Otherwise the leader would take every new node from its file, all of them at once."""
    for index in range(1, env.clickhouse.nodes + 1):
        document = ElementTree.fromstring(node_files(Names(env), index)[CLUSTER_FILE])
        assert document.findtext("keeper_server/enable_reconfiguration") == "true"


def test_every_node_knows_the_keepers_and_the_replicas_of_all_nodes() -> None:
    growing = Names(sized(DEV, 3, 1))
    for index in (1, 2, 3):
        document = ElementTree.fromstring(node_files(growing, index)[CLUSTER_FILE])
        hosts = list(growing.clickhouse_hosts)
        assert [found.text for found in document.findall("zookeeper/node/host")] == hosts
        assert [found.text for found in document.findall(".//replica/host")] == hosts
