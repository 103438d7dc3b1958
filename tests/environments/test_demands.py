"""What an environment at its largest needs, beside what it has; the rules and `evalctl capacity` read the same."""

import pytest

from environments.capacity import Pods, Room, general_pods, placed, without_one_of_each
from environments.demands import demands
from environments.demands.demand import Demand
from environments.rules import problems_of
from environments.spec import Environment
from tests.environments.test_rules import DEV, PROD, changed
from tests.support.each_environment import EACH_ENVIRONMENT


def _of(env: Environment) -> dict[str, Demand]:
    return {demand.what: demand for demand in demands(env)}


@EACH_ENVIRONMENT
def test_each_environment_has_what_it_needs(env: Environment) -> None:
    assert [demand.what for demand in demands(env) if not demand.is_met] == []


@pytest.mark.parametrize(
    ("changes", "what", "numbers"),
    [
        ({"worker.max_replicas": 21}, "workers on workers_spot", (21, 20)),
        ({"cluster.workers_spot.max_size": 9}, "workers on workers_spot", (20, 18)),
        ({"database.max_connections": 43}, "PostgreSQL connections", (44, 43)),
        (
            {"worker.llm_calls.provider_requests_per_minute": 33},
            "requests a minute for a worker",
            (1, 0),
        ),
        ({"cluster.workers_spot.max_size": 300}, "addresses in a private subnet", (9529, 8187)),
        (
            {"network.vpc_cidr": "10.20.0.0/20", "cluster.workers_spot.max_size": 10},
            "addresses in a private subnet",
            (829, 507),
        ),
    ],
)
def test_a_demand_that_is_not_met_is_a_broken_rule_with_both_numbers(
    changes: dict[str, object], what: str, numbers: tuple[int, int]
) -> None:
    env = changed(PROD, changes)
    demand = _of(env)[what]
    assert (demand.needs, demand.has) == numbers
    assert demand.problem in problems_of(env)
    assert any(str(number) in demand.problem for number in numbers)


def test_production_without_a_node_runs_all_but_one_pod_of_each_workload() -> None:
    demand = _of(PROD)["pods on general, a node lost"]
    waiting = sum(pods.count > 1 for pods in general_pods(PROD))
    assert demand.needs == sum(pods.count for pods in general_pods(PROD)) - waiting


def test_production_is_refused_if_the_loss_of_a_node_stops_a_workload() -> None:
    env = changed(
        PROD,
        {"orchestrator.replicas": 5, "orchestrator.compute.cpu_request_millicores": 500},
    )
    assert _of(env)["pods on general"].is_met
    lost = _of(env)["pods on general, a node lost"]
    assert not lost.is_met
    assert lost.problem in problems_of(env)


def test_development_may_wait_for_the_node_that_replaces_a_lost_one() -> None:
    env = changed(
        DEV,
        {
            "cluster.general.min_size": 1,
            "cluster.general.desired_size": 1,
            "cluster.general.max_size": 1,
        },
    )
    lost = _of(env)["pods on general, a node lost"]
    assert (lost.has, lost.tolerated) == (0, True)
    assert not any("without one of" in problem for problem in problems_of(env))


def test_pods_that_may_not_share_a_node_need_as_many_nodes() -> None:
    apart = Pods("prometheus", 2, Room(100, 100), apart=True)
    assert placed([apart], 1, Room(1000, 1000)) == (1, apart)
    assert placed([apart], 2, Room(1000, 1000)) == (2, None)


def test_a_single_pod_must_run_while_a_node_is_lost() -> None:
    single, several = Pods("one", 1, Room(1, 1)), Pods("three", 3, Room(1, 1))
    assert [pods.count for pods in without_one_of_each((single, several))] == [1, 2]
