"""What Argo CD may touch, and what it may not."""

import pytest

from argocd.project import CLUSTER_KINDS, NAMESPACED_KINDS
from environments.names import ARGOCD_NAMESPACE, NAMESPACE, App, Names
from tests.manifests import Manifest, all_of, one

ENVIRONMENTS = pytest.mark.parametrize("name", ["dev", "prod"])
CLUSTER_SCOPED = {("", "Namespace")}


def group_kind(manifest: Manifest) -> tuple[str, str]:
    return manifest["apiVersion"].rpartition("/")[0], manifest["kind"]


def permitted(project: Manifest, scope: str) -> list[tuple[str, str]]:
    return [(kind["group"], kind["kind"]) for kind in project["spec"][f"{scope}ResourceWhitelist"]]


@ENVIRONMENTS
def test_platform_project_permits_exactly_the_kinds_that_its_apps_render(
    name: str,
    argocd: dict[str, list[Manifest]],
    manifests: dict[str, dict[App, list[Manifest]]],
    names: dict[str, Names],
) -> None:
    project = one(argocd[name], "AppProject", names[name].argocd_project)
    rendered = {group_kind(m) for app in manifests[name].values() for m in app}
    assert set(permitted(project, "namespace")) == rendered - CLUSTER_SCOPED
    assert set(permitted(project, "cluster")) == rendered & CLUSTER_SCOPED


def test_allow_lists_name_each_kind_once_and_in_order() -> None:
    for kinds in (CLUSTER_KINDS, NAMESPACED_KINDS):
        listed = [(kind.group, kind.kind) for kind in kinds]
        assert listed == sorted(set(listed))


@ENVIRONMENTS
def test_only_the_platforms_own_namespace_object_may_be_managed(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    project = one(argocd[name], "AppProject", names[name].argocd_project)
    assert [kind["name"] for kind in project["spec"]["clusterResourceWhitelist"]] == [NAMESPACE]


@ENVIRONMENTS
def test_platform_project_syncs_its_own_repository_into_its_own_namespace_only(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    spec = one(argocd[name], "AppProject", names[name].argocd_project)["spec"]
    assert spec["sourceRepos"] == [names[name].env.repository.url]
    assert spec["destinations"] == [
        {"server": "https://kubernetes.default.svc", "namespace": NAMESPACE}
    ]


@ENVIRONMENTS
def test_root_project_manages_applications_and_projects_beside_argo_cd_only(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    project = one(argocd[name], "AppProject", names[name].argocd_root)
    assert permitted(project, "cluster") == []
    assert permitted(project, "namespace") == [
        ("argoproj.io", "AppProject"),
        ("argoproj.io", "Application"),
    ]
    assert [d["namespace"] for d in project["spec"]["destinations"]] == [ARGOCD_NAMESPACE]
    assert project["spec"]["sourceRepos"] == [names[name].env.repository.url]


@ENVIRONMENTS
def test_no_project_has_a_wildcard(name: str, argocd: dict[str, list[Manifest]]) -> None:
    for project in all_of(argocd[name], "AppProject"):
        assert "*" not in str(project["spec"])


@ENVIRONMENTS
def test_objects_in_the_namespace_that_git_does_not_know_are_reported(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    project = one(argocd[name], "AppProject", names[name].argocd_project)
    assert project["spec"]["orphanedResources"] == {"warn": True}


@ENVIRONMENTS
def test_projects_outlive_a_folder_that_lacks_them(
    name: str, argocd: dict[str, list[Manifest]]
) -> None:
    for project in all_of(argocd[name], "AppProject"):
        options = project["metadata"]["annotations"]["argocd.argoproj.io/sync-options"].split(",")
        assert "Prune=false" in options
