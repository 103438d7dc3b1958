"""The cache of the cluster's objects; the API is a stand-in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import cast

import httpx2
import pytest
from lightkube import AsyncClient
from lightkube.core.resource import NamespacedResource
from lightkube.resources.core_v1 import ConfigMap, Node, Pod

from evalctl.rehearsal.cluster import state
from evalctl.rehearsal.cluster.state import Cache, name_of
from tests.evalctl.rehearsal.cluster.objects import of

OWN = {"Node", "PersistentVolumeClaim", "PersistentVolume"}
ALL = OWN | {
    *("Pod", "DaemonSet", "StorageClass", "ConfigMap", "Secret", "ServiceAccount", "Service"),
    *("EndpointSlice", "Ingress"),
}
Kind = type[Pod | ConfigMap | Node]


@dataclass
class Api:
    """Lists and watches what a test puts into `objects`, and keeps which kinds were listed."""

    objects: dict[Kind, list[str]] = field(default_factory=dict)
    down: bool = False
    listed: set[str] = field(default_factory=set)
    reports: dict[str, "asyncio.Queue[bool]"] = field(default_factory=dict)

    async def list(self, kind: Kind, namespace: str | None = None) -> AsyncIterator[object]:
        assert (namespace == "*") == issubclass(kind, NamespacedResource)
        if self.down:
            raise httpx2.ConnectError("refused")
        self.listed.add(kind.__name__)
        for name in self.objects.get(kind, ()):
            yield of(kind, {"metadata": {"name": name, "uid": name}})

    async def watch(self, kind: Kind, namespace: str | None = None) -> AsyncIterator[object]:
        reports = self.reports[kind.__name__] = asyncio.Queue()
        while await reports.get():
            yield "MODIFIED", kind

    async def report(self, kind: Kind, *, ends: bool = False) -> None:
        """A change of an object, or the end of the watch."""
        self.reports[kind.__name__].put_nowait(not ends)
        await asyncio.sleep(0.01)


Update = Callable[[], Coroutine[None, None, set[str]]]
Steps = Callable[[Api, Cache, Update], Coroutine[None, None, None]]


def follow(steps: Steps) -> None:
    """Run the steps with a cache that has read everything and whose watches have begun."""

    async def work() -> None:
        api, cache = Api({Pod: ["first"]}), Cache()
        client = cast(AsyncClient, api)

        async def update() -> set[str]:
            """The kinds that an update lists."""
            api.listed.clear()
            await cache.update(client)
            return set(api.listed)

        watches = asyncio.create_task(cache.follow(client))
        while api.reports.keys() < ALL:
            await asyncio.sleep(0.01)
        assert await update() == ALL
        await steps(api, cache, update)
        watches.cancel()

    asyncio.run(work())


def test_without_a_report_only_what_the_stand_ins_create_is_read() -> None:
    async def steps(api: Api, cache: Cache, update: Update) -> None:
        api.objects[Node] = ["added"]
        assert await update() == OWN
        assert [name_of(node) for node in cache.snapshot.nodes] == ["added"]
        assert [name_of(pod) for pod in cache.snapshot.pods] == ["first"]

    follow(steps)


def test_a_reported_change_is_read_once() -> None:
    async def steps(api: Api, cache: Cache, update: Update) -> None:
        api.objects[ConfigMap] = ["settings"]
        await api.report(ConfigMap)
        assert await update() == OWN | {"ConfigMap"}
        assert cache.snapshot.config_maps
        assert await update() == OWN

    follow(steps)


def test_with_a_new_pod_everything_is_read_although_its_report_is_late() -> None:
    async def steps(api: Api, cache: Cache, update: Update) -> None:
        api.objects |= {ConfigMap: ["settings"], Pod: ["first", "second"]}
        await api.report(Pod)
        assert await update() == ALL
        assert cache.snapshot.config_maps

    follow(steps)


def test_after_a_failure_the_snapshot_stays_and_everything_is_read() -> None:
    async def steps(api: Api, cache: Cache, update: Update) -> None:
        api.down, before = True, cache.snapshot
        with pytest.raises(httpx2.ConnectError):
            await update()
        assert cache.snapshot is before
        api.down = False
        assert await update() == ALL

    follow(steps)


def test_a_kind_whose_watch_ended_is_read_and_watched_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state, "_AGAIN_SECONDS", 0)

    async def steps(api: Api, cache: Cache, update: Update) -> None:
        await api.report(ConfigMap, ends=True)
        assert await update() == OWN | {"ConfigMap"}
        assert await update() == OWN
        await api.report(ConfigMap)
        assert await update() == OWN | {"ConfigMap"}

    follow(steps)


def test_from_time_to_time_everything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_WHOLE_SECONDS", -1)

    async def steps(api: Api, cache: Cache, update: Update) -> None:
        assert await update() == ALL

    follow(steps)
