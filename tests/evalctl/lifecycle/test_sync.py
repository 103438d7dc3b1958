"""`evalctl sync`, with the real kubectl and aws, and a stand-in for the API and Argo CD behind it."""

import pytest

from evalctl.lifecycle.applications import Application
from tests.evalctl.lifecycle.conftest import NAMES, Operator
from tests.evalctl.lifecycle.fake_api import Cluster

# All these tests share one emulated AWS.
pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("sync")]

ROOT = NAMES.argocd_root
DEFINITION = "applications.argoproj.io"
BLOCKED = "Sync operation blocked by sync window"


@pytest.fixture
def cluster(cluster: Cluster) -> Cluster:
    """A cluster after a bootstrap in a closed window."""
    cluster.add("apiextensions.k8s.io/v1", "CustomResourceDefinition", DEFINITION)
    cluster.add_application(ROOT)
    return cluster


def test_a_first_sync_follows_what_each_sync_makes(operator: Operator, cluster: Cluster) -> None:
    cluster.makes = {ROOT: ("one", "two"), "two": ("three",)}
    result = operator.sync()
    assert result.returncode == 0, result.stderr
    assert [name for name, _ in cluster.synced] == [ROOT, "one", "two", "three"]
    assert "three is Synced and Healthy" in result.stdout


def test_each_application_is_synced_with_its_own_options_pruning_and_retries(
    operator: Operator, cluster: Cluster
) -> None:
    operator.sync()
    ((_, operation),) = cluster.synced
    assert operation["sync"] == {"syncOptions": [f"Of={ROOT}"], "prune": True}
    assert operation["retry"] == {"limit": 5}


def test_what_equals_git_is_not_synced(operator: Operator, cluster: Cluster) -> None:
    cluster.add_application(ROOT, sync="Synced", phase="Succeeded")
    result = operator.sync()
    assert result.returncode == 0, result.stderr
    assert cluster.synced == []


@pytest.mark.parametrize("state", ["OutOfSync", "Synced"])
def test_an_automated_sync_that_a_window_blocks_is_ended_and_started_by_hand(
    operator: Operator, cluster: Cluster, state: str
) -> None:
    path = cluster.add_application(ROOT, sync=state, phase="Running", message=BLOCKED)
    result = operator.sync()
    assert result.returncode == 0, result.stderr
    assert [name for name, _ in cluster.synced] == [ROOT]
    assert cluster.objects[path]["status"]["operationState"]["phase"] == "Succeeded"


def test_only_the_named_applications_are_synced(operator: Operator, cluster: Cluster) -> None:
    cluster.add_application("one")
    result = operator.sync("one")
    assert result.returncode == 0, result.stderr
    assert [name for name, _ in cluster.synced] == ["one"]


def test_a_named_application_is_synced_once_although_it_equals_git(
    operator: Operator, cluster: Cluster
) -> None:
    cluster.add_application("job", sync="Synced", phase="Succeeded")
    result = operator.sync("job")
    assert result.returncode == 0, result.stderr
    assert [name for name, _ in cluster.synced] == ["job"]
    assert "job is Synced and Healthy" in result.stdout


def test_an_application_that_is_not_there_is_named(operator: Operator, cluster: Cluster) -> None:
    result = operator.sync("wroker")
    assert result.returncode == 1
    assert "There is no Application wroker" in result.stderr
    assert cluster.synced == []


def test_a_sync_that_fails_is_named_with_argocds_message(
    operator: Operator, cluster: Cluster
) -> None:
    cluster.fails = {ROOT: "one or more objects failed to apply"}
    result = operator.sync()
    assert result.returncode == 1
    text = " ".join(result.stderr.split())
    assert f"The sync of {ROOT} failed: one or more objects failed to apply" in text
    assert len(cluster.synced) == 1


def test_a_cluster_without_argocd_is_left_alone(operator: Operator, cluster: Cluster) -> None:
    cluster.objects = {path: each for path, each in cluster.objects.items() if ROOT not in path}
    result = operator.sync()
    assert result.returncode == 1
    assert "run `evalctl bootstrap dev`" in " ".join(result.stderr.split())


def test_an_application_that_somebody_deletes_meanwhile_is_named(
    operator: Operator, cluster: Cluster
) -> None:
    cluster.goes = (ROOT,)
    result = operator.sync()
    assert result.returncode == 1
    assert f"Somebody deleted {ROOT} meanwhile" in " ".join(result.stderr.split())


def test_a_preview_is_left_to_its_pull_request(operator: Operator, cluster: Cluster) -> None:
    path = cluster.add_application("pr-7")
    owner = {"kind": "ApplicationSet", "name": "previews"}
    cluster.objects[path]["metadata"]["ownerReferences"] = [owner]
    result = operator.sync()
    assert result.returncode == 0, result.stderr
    assert [name for name, _ in cluster.synced] == [ROOT]


NEW = {"metadata": {"name": "new"}, "spec": {}}  # before Argo CD has seen it


def test_an_application_that_is_not_compared_yet_is_not_done() -> None:
    application = Application.of(NEW)
    assert not application.done
    assert f"{application}: {application.reason}" == (
        "new is not compared and unknown: Argo CD reports no reason"
    )


def test_an_application_that_cannot_be_compared_has_argocds_error_as_reason() -> None:
    conditions = [
        {"type": "ComparisonError", "message": "no such path"},
        {"type": "OrphanedResourceWarning", "message": "1 orphan"},
    ]
    operation = {"phase": "Succeeded", "message": "successfully synced"}
    status = {"conditions": conditions, "operationState": operation}
    assert Application.of(NEW | {"status": status}).reason == "no such path"
