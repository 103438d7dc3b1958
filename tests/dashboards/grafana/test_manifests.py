"""The ConfigMaps that Grafana's sidecars load contain no credentials."""

from typing import Any, cast

import yaml

from argocd.addons import grafana as grafana_chart
from dashboards.grafana.manifests import (
    DASHBOARD_LABEL,
    DATA_SOURCE_LABEL,
    clickhouse_data_source,
)
from environments.names import CLICKHOUSE_READER, GRAFANA_FOLDER_ANNOTATION, App, Names, Secret
from tests.support.manifests import Manifest, all_of, one

Observation = dict[str, list[Manifest]]
Manifests = dict[str, dict[App, list[Manifest]]]


def labelled(objects: list[Manifest], label: str) -> list[Manifest]:
    return [
        found
        for found in all_of(objects, "ConfigMap")
        if found["metadata"]["labels"].get(label) == "1"
    ]


def test_each_board_is_a_config_map_that_the_sidecar_looks_for(observation: Observation) -> None:
    for objects in observation.values():
        found = labelled(objects, DASHBOARD_LABEL)
        files = [name for config_map in found for name in config_map["data"]]
        assert sorted(files) == ["ai-quality.json", "llm-cost.json", "platform-health.json"]
        for config_map in found:
            assert config_map["metadata"]["namespace"] == "monitoring"
            assert GRAFANA_FOLDER_ANNOTATION in config_map["metadata"]["annotations"]


def test_boards_have_the_folder_annotation_that_the_chart_reads() -> None:
    sidecar = cast(Any, grafana_chart.values()["sidecar"])
    assert sidecar["dashboards"]["folderAnnotation"] == "grafana_folder"
    assert GRAFANA_FOLDER_ANNOTATION == "grafana_folder"


def test_clickhouse_is_queried_over_tls_as_the_user_that_may_only_read(
    observation: Observation, names: dict[str, Names]
) -> None:
    for environment, objects in observation.items():
        (config_map,) = labelled(objects, DATA_SOURCE_LABEL)
        (text,) = config_map["data"].values()
        (source,) = yaml.safe_load(text)["datasources"]
        settings = source["jsonData"]
        assert source["uid"] == "clickhouse"
        assert settings["host"] == names[environment].clickhouse_host
        assert settings["username"] == CLICKHOUSE_READER
        assert (settings["protocol"], settings["port"]) == ("http", 8443)
        assert settings["secure"]
        assert settings["tlsAuthWithCACert"]
        assert "tlsSkipVerify" not in settings


def test_credentials_are_files_that_the_pod_mounts_from_an_external_secret(
    manifests: Manifests, names: dict[str, Names]
) -> None:
    (mount,) = cast(list[dict[str, str]], grafana_chart.values()["extraSecretMounts"])
    for environment, apps in manifests.items():
        external = one(apps[App.MONITORING], "ExternalSecret", mount["secretName"])
        files = {
            f"$__file{{{mount['mountPath']}/{key}}}"
            for key in external["spec"]["target"]["template"]["data"]
        }
        (source,) = cast(
            list[dict[str, dict[str, str]]],
            clickhouse_data_source(names[environment])["datasources"],
        )
        assert set(source["secureJsonData"].values()) == files
        entries = {field["remoteRef"]["key"] for field in external["spec"]["data"]}
        assert entries == {
            names[environment].secret(Secret.CLICKHOUSE_READER),
            names[environment].secret(Secret.CLICKHOUSE_CA),
        }
