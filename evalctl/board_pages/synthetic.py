"""Synthetic series of a healthy platform, the same every time, for every metric of the contract.

The steps are coarse over weeks and fine near the end, so that queries over minutes and over a month both
have data. Load follows the working day. One afternoon, hours before the end, the queue grows and drains.
"""

from collections.abc import Iterator

from environments.spec import Environment
from evalctl.board_pages import infrastructure, workload
from evalctl.board_pages.load import Queue
from evalctl.board_pages.series import History, Series
from telemetry.contract import METRICS

# Until 2026-11-20 15:00 UTC, a Friday afternoon. The end is fixed so that pages are reproducible.
MONTH = History(end=1_795_186_800, days=35, coarse_step=3_600, fine_hours=26, fine_step=60)


def synthetic_series(env: Environment, history: History) -> Iterator[Series]:
    """The series of every metric, in the contract's order.

    Raises:
        LookupError: the contract and the functions for synthetic series have different metrics.
    """
    queue = Queue(env=env, history=history)
    makers = workload.makers(queue) | infrastructure.makers(env, queue)
    differing = sorted(makers.keys() ^ {metric.name for metric in METRICS})
    if differing:
        raise LookupError(
            f"{', '.join(differing)}: add series for it in evalctl/board_pages/workload.py or "
            "evalctl/board_pages/infrastructure.py, or remove them if telemetry/contract.py no longer has it"
        )
    times = history.times()
    for metric in METRICS:
        yield from makers[metric.name](metric, times)
