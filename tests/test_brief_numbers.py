"""Production has the numbers of the brief (docs/brief.md). Only this module pins values that the rules allow to differ."""

from environments.prod import PROD
from environments.spec import CapacityType


def test_b2_the_node_groups() -> None:
    general, workers = PROD.cluster.general, PROD.cluster.workers_spot
    assert (general.min_size, general.desired_size, general.max_size) == (1, 2, 3)
    assert general.instance_types == ("t3.large",)
    assert general.capacity_type is CapacityType.ON_DEMAND
    assert (workers.min_size, workers.desired_size, workers.max_size) == (2, 2, 10)
    assert workers.instance_types[0] == "c5.xlarge"
    assert workers.capacity_type is CapacityType.SPOT


def test_b4_orchestrators_and_workers() -> None:
    assert PROD.orchestrator.replicas == 3
    assert PROD.orchestrator.compute.cpu_request_millicores == 1000
    assert PROD.orchestrator.compute.memory_request_mib == 2048
    assert (PROD.worker.min_replicas, PROD.worker.max_replicas) == (2, 20)
    assert PROD.worker.target_cpu_percent == 80
