"""ExternalSecrets: every value is in Secrets Manager, and none is in a manifest."""

import json
import re
from collections.abc import Iterable

import pytest

from environments.names import KUBERNETES_SECRETS, App, Names, Secret, Stack
from environments.registry import ENVIRONMENTS
from tests.support.manifests import Manifest, all_of, one
from tests.support.terraform import Terraform

ENVIRONMENT_NAMES = [env.name for env in ENVIRONMENTS]
# The stack and resource that write each entry's JSON; the others are written by an operator or a
# ClickHouse node.
WRITTEN_BY = {
    Secret.POSTGRES: (Stack.DATABASE, "postgres"),
    Secret.POSTGRES_ADMIN: (Stack.DATABASE, "postgres-admin"),
    Secret.REDIS_USER: (Stack.QUEUE, "redis-user"),
    Secret.REDIS_METRICS_USER: (Stack.QUEUE, "redis-metrics-user"),
    Secret.REDIS: (Stack.QUEUE, "redis"),
    Secret.CLICKHOUSE: (Stack.CLICKHOUSE, "app-user"),
    Secret.CLICKHOUSE_SCHEMA: (Stack.CLICKHOUSE, "schema-user"),
    Secret.CLICKHOUSE_READER: (Stack.CLICKHOUSE, "reader-user"),
    Secret.GRAFANA_ADMIN: (Stack.CLUSTER, "grafana-admin"),
    Secret.API_TOKEN: (Stack.CLUSTER, "api-token"),
}

Manifests = dict[str, dict[App, list[Manifest]]]


def _all(manifests: dict[App, list[Manifest]]) -> list[Manifest]:
    """Every app's ExternalSecrets."""
    return all_of((m for objects in manifests.values() for m in objects), "ExternalSecret")


def _external(manifests: dict[App, list[Manifest]], secret: Secret) -> Manifest:
    spec: Manifest = one(manifests[App.SECRETS], "ExternalSecret", secret)["spec"]
    return spec


def _read(external_secrets: Iterable[Manifest]) -> set[tuple[str, str | None]]:
    """Every entry that is read, with the field; None is the whole entry."""
    read: set[tuple[str, str | None]] = set()
    for manifest in external_secrets:
        for entry in manifest["spec"].get("data", []):
            read.add((entry["remoteRef"]["key"], entry["remoteRef"].get("property")))
        for source in manifest["spec"].get("dataFrom", []):
            read.add((source["extract"]["key"], None))
    return read


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_a_missing_llm_key_does_not_affect_the_others(name: str, manifests: Manifests) -> None:
    spec = _external(manifests[name], Secret.LLM_KEYS)

    # Named keys would all have to exist.
    assert spec["dataFrom"] == [{"extract": {"key": f"{name}/eval-platform/llm-keys"}}]
    assert "data" not in spec
    assert "data" not in spec["target"]["template"]


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_the_operators_role_allows_exactly_the_entries_that_it_reads(
    name: str,
    manifests: Manifests,
    observation: dict[str, list[Manifest]],
    names: dict[str, Names],
) -> None:
    read = {
        entry
        for entry, _ in _read([*_all(manifests[name]), one(observation[name], "ExternalSecret")])
    }

    assert read == {names[name].secret(secret) for secret in KUBERNETES_SECRETS}


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
@pytest.mark.parametrize("secret", WRITTEN_BY)
def test_terraform_writes_every_field_that_is_read(
    name: str,
    secret: Secret,
    manifests: Manifests,
    names: dict[str, Names],
    terraform: dict[str, dict[Stack, Terraform]],
) -> None:
    stack, id_ = WRITTEN_BY[secret]
    version = terraform[name][stack].resource("aws_secretsmanager_secret_version", id_)
    written = json.loads(version["secret_string_wo"]).keys()

    fields = {
        field
        for entry, field in _read(_all(manifests[name]))
        if entry == names[name].secret(secret)
    }

    assert fields
    assert fields <= written


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_every_template_uses_fields_that_are_fetched(name: str, manifests: Manifests) -> None:
    for manifest in _all(manifests[name]):
        fetched = {entry["secretKey"] for entry in manifest["spec"].get("data", [])}
        templates = manifest["spec"]["target"]["template"].get("data", {})
        used = set(re.findall(r"\{\{ \.(\w+)", " ".join(templates.values())))
        assert used == fetched, manifest["metadata"]["name"]


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_every_connection_is_encrypted(name: str, manifests: Manifests) -> None:
    def url(secret: Secret) -> str:
        text: str = _external(manifests[name], secret)["target"]["template"]["data"]["url"]
        return text

    assert "sslmode=verify-full" in url(Secret.POSTGRES)
    assert url(Secret.REDIS).startswith("rediss://")
    assert url(Secret.CLICKHOUSE).startswith("https://")
    exporter = one(manifests[name][App.MONITORING], "ExternalSecret", Secret.REDIS_METRICS_USER)
    assert exporter["spec"]["target"]["template"]["data"]["url"].startswith("rediss://")
    # ClickHouse's authority is our own, so its certificate comes along.
    assert "ca.crt" in _external(manifests[name], Secret.CLICKHOUSE)["target"]["template"]["data"]


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_the_running_platform_keeps_its_keys_if_an_entry_is_deleted(
    name: str, manifests: Manifests
) -> None:
    for manifest in _all(manifests[name]):
        assert manifest["spec"]["target"]["deletionPolicy"] == "Retain"
        assert manifest["spec"]["target"]["creationPolicy"] == "Owner"


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_a_rotated_value_is_fetched_within_minutes(name: str, manifests: Manifests) -> None:
    for manifest in _all(manifests[name]):
        minutes = re.fullmatch(r"(\d+)m0s", manifest["spec"]["refreshInterval"])
        assert minutes is not None
        assert 1 <= int(minutes[1]) <= 15


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
@pytest.mark.parametrize("app", [App.SECRETS, App.MONITORING])
def test_the_store_has_no_credentials(name: str, app: App, manifests: Manifests) -> None:
    store = one(manifests[name][app], "SecretStore")

    assert "auth" not in store["spec"]["provider"]["aws"]


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_no_manifest_holds_a_secret(name: str, manifests: Manifests) -> None:
    objects = [m for app in manifests[name].values() for m in app]

    assert all_of(objects, "Secret") == []
