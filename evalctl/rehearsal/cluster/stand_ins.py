"""Runs what stands for AWS and for the nodes, once a second, until it is cancelled."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lightkube import AsyncClient

from environments.names import Names
from evalctl.rehearsal.cluster import load_balancers, volumes
from evalctl.rehearsal.cluster.kubelet import Kubelet
from evalctl.rehearsal.cluster.node_groups import NodeGroups
from evalctl.rehearsal.cluster.state import Cache, Snapshot

logger = logging.getLogger(__name__)

_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class StandIns:
    """The parts; a check holds them to lose a node or to read what was refused."""

    names: Names
    groups: NodeGroups
    kubelet: Kubelet
    controls_load_balancers: Callable[[Snapshot], bool]

    async def act(self, client: AsyncClient, snapshot: Snapshot) -> None:
        """One round. A part that fails does not stop the others."""
        await _attempt("node groups", self.groups.act(client, snapshot))
        await _attempt("volumes", volumes.act(client, snapshot))
        await _attempt("kubelet", self.kubelet.act(client, snapshot))
        await _attempt(
            "load balancers",
            load_balancers.act(
                client, snapshot, names=self.names, controls=self.controls_load_balancers
            ),
        )


async def stand_ins(client: AsyncClient, parts: StandIns, cache: Cache) -> None:
    """Rounds until cancelled. While the API server does not answer, they fail and go on."""
    while True:
        await _attempt("a round", _round(client, parts, cache))
        await asyncio.sleep(_SECONDS)


async def _round(client: AsyncClient, parts: StandIns, cache: Cache) -> None:
    await cache.update(client)
    await parts.act(client, cache.snapshot)


async def _attempt(what: str, action: Awaitable[None]) -> None:
    try:
        await action
    except (
        Exception
    ) as error:  # the API server may refuse a call or restart: the next round tries again
        logger.warning("%s: %s: %s", what, type(error).__name__, error)
