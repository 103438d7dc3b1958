"""Whether every value that a pod reads came from the emulated Secrets Manager, and follows a rotation."""

import json
import secrets
import time
from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

from lightkube.generic_resource import GenericNamespacedResource as Found
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.core_v1 import Event
from lightkube.types import PatchType

from environments.names import NAMESPACE, App
from environments.names import Secret as Entry
from evalctl.rehearsal.cluster import applications
from evalctl.rehearsal.cluster.checks.secret_origins import (
    Comparison,
    compared,
    judged,
    without_origin,
)
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.data import decoded, secret_data
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.state import full_name, name_of, namespace_of, read
from evalctl.rehearsal.cluster.waiting import not_ready, until

ExternalSecret = create_namespaced_resource(
    "external-secrets.io", "v1", "ExternalSecret", "externalsecrets"
)
_ROTATION_SECONDS = 60
_SPOILED_SECONDS = 60
# What External Secrets reads anew at once; its own period is minutes.
_NOW = "force-sync"


async def arrived(cluster: Cluster) -> Result:
    """Each Secret that a pod reads is what an ExternalSecret makes of Secrets Manager, key by key."""
    problems: list[str] = []
    comparisons: list[Comparison] = []
    async for external in cluster.client.list(ExternalSecret, namespace="*"):
        if (reason := _not_ready(external)) is not None:
            problems.append(f"ExternalSecret {full_name(external)}: {reason}")
            continue
        found = await _target(cluster, external)
        comparisons.append(compared(external, found, partial(_read, cluster)))
    return judged(comparisons, [*problems, *without_origin(await read(cluster.client))])


async def rotated(cluster: Cluster) -> Result:
    """A new password in Secrets Manager reaches the Secret."""
    entry = cluster.names.secret(Entry.POSTGRES)
    password = secrets.token_urlsafe(24)
    value = json.loads(_read(cluster, entry))
    _write(cluster, entry, json.dumps({**value, "password": password}))
    started = time.monotonic()
    await refresh(cluster, "postgres")

    async def has_it() -> list[str]:
        found = await _texts(cluster, "postgres", NAMESPACE)
        if any(_holds(text, password) for text in found.values()):
            return []
        return [f"Secret {NAMESPACE}/postgres has the old password after {_ROTATION_SECONDS} s"]

    problems = await until(has_it, seconds=_ROTATION_SECONDS)
    return result(
        "a rotated password reaches its Secret",
        problems,
        f"Secret {NAMESPACE}/postgres, {time.monotonic() - started:.1f} s after the next read",
    )


async def without_a_key(cluster: Cluster) -> Result:
    """An entry loses a key: External Secrets names it, and the Secret keeps what it had."""
    entry = cluster.names.secret(Entry.POSTGRES)
    value = json.loads(_read(cluster, entry))
    return await _spoiled(
        cluster,
        "a key that is missing in an entry is named, and everything else goes on",
        entry=entry,
        text=json.dumps({key: value[key] for key in value if key != "password"}),
        external="postgres",
        health="Degraded",
        named=f"key password does not exist in secret {entry}",
    )


async def without_provider_keys(cluster: Cluster) -> Result:
    """The entry `llm-keys` becomes empty: the workers keep the keys that they had."""
    return await _spoiled(
        cluster,
        "an empty llm-keys is named, and everything goes on",
        entry=cluster.names.secret(Entry.LLM_KEYS),
        text="{}",
        external="llm-keys",
        health="Healthy",
        named="secret retained",
    )


async def _spoiled(
    cluster: Cluster,
    name: str,
    *,
    entry: str,
    text: str,
    external: str,
    health: str,
    named: str,
) -> Result:
    """Write another value into an entry of Secrets Manager, look at the cluster, and write the first one again."""
    app = cluster.names.application(App.SECRETS)
    right = _read(cluster, entry)
    before = await _all_data(cluster)
    _write(cluster, entry, text)
    try:
        await refresh(cluster, external)

        async def seen() -> list[str]:
            found = await _reported(cluster, external)
            state = (await applications.read(cluster.client))[app]
            return [
                *([] if named in found else [f"ExternalSecret {external} reports: {found}"]),
                *([] if state.health == health else [f"{app} is {state.health}, not {health}"]),
            ]

        problems = await until(seen, seconds=_SPOILED_SECONDS)
        evidence = (
            f"ExternalSecret {external}: {await _reported(cluster, external)}; {app} is {health}"
        )
        problems += await not_ready(cluster)
        problems += [
            f"Secret {each} changed"
            for each, data in (await _all_data(cluster)).items()
            if data != before.get(each)
        ]
        async for other in cluster.client.list(ExternalSecret, namespace="*"):
            if entry not in _entries(other) and (reason := _not_ready(other)):
                problems.append(f"ExternalSecret {full_name(other)}: {reason}")
    finally:
        _write(cluster, entry, right)
        await refresh(cluster, external)

    async def well() -> list[str]:
        found = await cluster.client.get(ExternalSecret, external, namespace=NAMESPACE)
        return [] if (reason := _not_ready(found)) is None else [f"{external}: {reason}"]

    problems += await until(well, seconds=_SPOILED_SECONDS)
    return result(name, problems, evidence)


async def _reported(cluster: Cluster, external: str) -> str:
    """The message of the newest condition, and the warnings about it."""
    found = await cluster.client.get(ExternalSecret, external, namespace=NAMESPACE)
    conditions = [each["message"] for each in found["status"]["conditions"]]
    warnings = [
        str(event.message)
        async for event in cluster.client.list(
            Event, namespace=NAMESPACE, fields={"involvedObject.name": external, "type": "Warning"}
        )
    ]
    return "; ".join(dict.fromkeys([*conditions, *warnings]))


async def _all_data(cluster: Cluster) -> dict[str, Mapping[str, str]]:
    """The data of the Secrets that External Secrets makes in the platform's namespace."""
    return {
        name_of(external): await _target(cluster, external)
        async for external in cluster.client.list(ExternalSecret, namespace=NAMESPACE)
    }


def _read(cluster: Cluster, entry: str) -> str:
    client = cluster.aws.client("secretsmanager")
    return str(client.get_secret_value(SecretId=entry)["SecretString"])


def _write(cluster: Cluster, entry: str, text: str) -> None:
    cluster.aws.client("secretsmanager").put_secret_value(SecretId=entry, SecretString=text)


async def refresh(cluster: Cluster, name: str, *, namespace: str = NAMESPACE) -> None:
    """Let External Secrets read one entry now."""
    await cluster.client.patch(
        ExternalSecret,
        name,
        {"metadata": {"annotations": {_NOW: str(time.time())}}},
        namespace=namespace,
        patch_type=PatchType.MERGE,
    )


async def _target(cluster: Cluster, external: Found) -> dict[str, str]:
    target = external["spec"].get("target", {}).get("name") or name_of(external)
    return await _texts(cluster, target, namespace_of(external))


async def _texts(cluster: Cluster, secret: str, namespace: str) -> dict[str, str]:
    return decoded(await secret_data(cluster.client, secret, namespace))


def _entries(external: Found) -> set[str]:
    """The entries of Secrets Manager that it reads."""
    spec = external["spec"]
    each_key = [each["remoteRef"]["key"] for each in spec.get("data", [])]
    whole = [each["extract"]["key"] for each in spec.get("dataFrom", [])]
    return {*each_key, *whole}


def _holds(text: str, value: str) -> bool:
    """Whether a value is in a text, as it is or as an address writes it."""
    return value in text or quote(value, safe="") in text


def _not_ready(external: Found) -> str | None:
    conditions = external.get("status", {}).get("conditions", [])
    ready = next((each for each in conditions if each["type"] == "Ready"), None)
    if ready is None:
        return "External Secrets has not read it"
    return None if ready["status"] == "True" else str(ready.get("message", ""))
