"""The real scheduler's placement is compared with the arithmetic of `evalctl capacity`."""

from environments.prod import PROD
from evalctl.rehearsal.cluster.checks.capacity import more_than_counted


def test_a_node_with_more_workers_than_the_rules_count_is_reported() -> None:
    assert more_than_counted(PROD, {"node-a": 2, "node-b": 3, "": 9}) == [
        "node-b runs 3 workers, and `evalctl capacity prod` counts 2"
    ]
