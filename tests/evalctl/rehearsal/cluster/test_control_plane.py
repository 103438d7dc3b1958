"""A control plane whose parts are stopped and started again."""

import asyncio
from pathlib import Path

import pytest
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap

from evalctl.rehearsal.cluster.local_programs import in_background
from evalctl.rehearsal.cluster.programs import Programs
from evalctl.rehearsal.cluster.state import Cache
from tests.evalctl.rehearsal.cluster.conftest import running_plane

WATCHED_AGAIN_SECONDS = 3
REPORTED_SECONDS = 10  # less than until the cache reads everything in any case


def config_map(name: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default"), data={"a": "1"})


async def _restarted(programs: Programs, folder: Path) -> None:
    cache = Cache()
    async with running_plane(programs, folder) as plane:
        client = plane.client()
        await client.create(config_map("kept"))
        async with in_background(cache.follow(client)):
            await cache.update(client)
            await plane.restart_api_server(programs)
            found = await client.get(ConfigMap, "kept", namespace="default")
            assert found.data == {"a": "1"}

            await asyncio.sleep(WATCHED_AGAIN_SECONDS)
            await cache.update(client)
            await client.create(config_map("later"))
            async with asyncio.timeout(REPORTED_SECONDS):
                while "default/later" not in cache.snapshot.config_map_by_name:
                    await asyncio.sleep(0.1)
                    await cache.update(client)


@pytest.mark.rehearsal
def test_after_a_restart_the_api_server_has_its_data_and_its_address_and_reports_changes(
    programs: Programs, tmp_path: Path
) -> None:
    asyncio.run(_restarted(programs, tmp_path))
