"""The stand-ins of the EKS add-ons request what the rules count."""

import pytest
from lightkube.resources.apps_v1 import DaemonSet, Deployment

from environments.capacity import DAEMONS, general_pods
from environments.names import Names
from environments.registry import ENVIRONMENTS
from evalctl.rehearsal.cluster.eks_addons import objects
from evalctl.rehearsal.cluster.scheduling import place, requests
from evalctl.rehearsal.cluster.state import name_of
from tests.evalctl.rehearsal.cluster.objects import node

NAMES = [Names(env) for env in ENVIRONMENTS]
# The node exporter comes with a chart.
NODE_EXPORTER = (10, 32)


@pytest.mark.parametrize("names", NAMES, ids=lambda names: str(names.env.name))
def test_daemons_run_on_every_node_with_the_requests_that_the_rules_count(names: Names) -> None:
    cpu, memory = NODE_EXPORTER
    for daemon in (item for item in objects(names) if isinstance(item, DaemonSet)):
        assert daemon.spec is not None
        spec = daemon.spec.template.spec
        assert spec is not None
        cpu += int(requests(spec).get("cpu", 0) * 1000)
        memory += int(requests(spec).get("memory", 0) / 2**20)
        assert place(node("workers-spot")).takes(spec)
    assert (cpu, memory) == (DAEMONS.cpu, DAEMONS.memory)


@pytest.mark.parametrize("names", NAMES, ids=lambda names: str(names.env.name))
def test_deployments_run_on_the_general_pool_with_the_requests_that_the_rules_count(
    names: Names,
) -> None:
    counted = {pods.name: pods for pods in general_pods(names.env)}
    deployments = [item for item in objects(names) if isinstance(item, Deployment)]
    assert len(deployments) == 2
    for deployment in deployments:
        assert deployment.spec is not None
        spec = deployment.spec.template.spec
        assert spec is not None
        pods = counted[name_of(deployment)]
        assert deployment.spec.replicas == pods.count
        assert requests(spec)["cpu"] * 1000 == pods.each.cpu
        assert requests(spec)["memory"] / 2**20 == pods.each.memory
        assert not place(node("workers-spot")).takes(spec)
