"""A control plane whose parts are stopped and started again."""

import asyncio
from pathlib import Path

import pytest
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap

from evalctl.rehearsal.cluster.programs import Programs
from tests.evalctl.rehearsal.cluster.conftest import running_plane


async def _restarted(programs: Programs, folder: Path) -> dict[str, str] | None:
    async with running_plane(programs, folder) as plane:
        client = plane.client()
        kept = ConfigMap(metadata=ObjectMeta(name="kept", namespace="default"), data={"a": "1"})
        await client.create(kept)
        await plane.restart_api_server(programs)
        found = await client.get(ConfigMap, "kept", namespace="default")
    return found.data


@pytest.mark.rehearsal
def test_the_api_server_has_its_data_and_its_address_after_a_restart(
    programs: Programs, tmp_path: Path
) -> None:
    assert asyncio.run(_restarted(programs, tmp_path)) == {"a": "1"}
