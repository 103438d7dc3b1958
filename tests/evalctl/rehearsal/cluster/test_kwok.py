"""The stages name the annotations that the stand-ins write."""

from pathlib import Path

import pytest
import yaml

from evalctl.rehearsal.cluster.kwok import (
    ADMITTED_ANNOTATION,
    CPU_ANNOTATION,
    MEMORY_ANNOTATION,
    METRICS_PATH,
    STAGES,
    kwok_command,
)

DOCUMENTS = {
    document["metadata"]["name"]: document["spec"]
    for document in yaml.safe_load_all(STAGES.read_text())
}


@pytest.mark.parametrize("stage", ["pod-ready", "pod-complete"])
def test_only_admitted_pods_run(stage: str) -> None:
    assert DOCUMENTS[stage]["selector"]["matchAnnotations"] == {ADMITTED_ANNOTATION: "true"}


def test_usage_comes_from_the_annotations() -> None:
    (usage,) = DOCUMENTS["usage"]["usages"]
    assert f'"{CPU_ANNOTATION}"' in usage["usage"]["cpu"]["expression"]
    assert f'"{MEMORY_ANNOTATION}"' in usage["usage"]["memory"]["expression"]
    assert DOCUMENTS["resource-metrics"]["path"] == METRICS_PATH


def test_kwok_answers_on_loopback_only(tmp_path: Path) -> None:
    command = kwok_command(
        tmp_path / "kwok",
        kubeconfig=tmp_path / "kubeconfig",
        port=10250,
        certificate=tmp_path / "crt",
        key=tmp_path / "key",
        pod_cidr="10.0.0.0/16",
    )
    assert command[command.index("--server-address") + 1] == "127.0.0.1:10250"
    assert command[command.index("--node-ip") + 1] == "127.0.0.1"
