"""The data of Secrets and ConfigMaps; of one that is missing, none."""

import base64
from collections.abc import Mapping

from lightkube import ApiError, AsyncClient
from lightkube.resources.core_v1 import ConfigMap, Secret


async def secret_data(client: AsyncClient, name: str, namespace: str) -> dict[str, bytes]:
    """Each key with its value; the API carries them in base64."""
    try:
        secret = await client.get(Secret, name, namespace=namespace)
    except ApiError as error:
        if error.status.code == 404:
            return {}
        raise
    return {key: base64.b64decode(value) for key, value in (secret.data or {}).items()}


async def config_map_data(client: AsyncClient, name: str, namespace: str) -> dict[str, str]:
    try:
        config_map = await client.get(ConfigMap, name, namespace=namespace)
    except ApiError as error:
        if error.status.code == 404:
            return {}
        raise
    return dict(config_map.data or {})


def decoded(data: Mapping[str, bytes]) -> dict[str, str]:
    """The values as texts."""
    return {key: value.decode() for key, value in data.items()}
