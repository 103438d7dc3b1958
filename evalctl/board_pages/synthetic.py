"""Invented measurements of a healthy platform, the same every time, for every metric of the contract.

Coarse over weeks and fine near the end, so that a query over minutes and one over a month both have
data. Load follows the working day; one afternoon, hours before the end, the queue fills up and drains.
"""

from collections.abc import Iterator

from environments.spec import Environment
from evalctl.board_pages import infrastructure, workload
from evalctl.board_pages.load import Queue
from evalctl.board_pages.series import History, Series
from telemetry.contract import METRICS

# To 2026-11-20 15:00 UTC, a Friday afternoon: fixed, so that previews are the same every time.
MONTH = History(end=1_795_186_800, days=35, coarse_step=3_600, fine_hours=26, fine_step=60)


def invented(env: Environment, history: History) -> Iterator[Series]:
    """Every metric, in the contract's order.

    Raises:
        LookupError: the contract and what is invented here differ.
    """
    queue = Queue(env=env, history=history)
    makers = workload.makers(queue) | infrastructure.makers(env, queue)
    differing = sorted(makers.keys() ^ {metric.name for metric in METRICS})
    if differing:
        raise LookupError(
            f"{', '.join(differing)}: invent it in evalctl/board_pages/workload.py or evalctl/board_pages/infrastructure.py, "
            "or take it out there if telemetry/contract.py no longer has it"
        )
    times = history.times()
    for metric in METRICS:
        yield from makers[metric.name](metric, times)
