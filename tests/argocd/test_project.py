"""What Argo CD may touch, and what it may not."""

import pytest

from argocd.addons import kinds as addon_kinds
from argocd.addons.installed import installed_charts
from argocd.parts.app_project import ResourceKind
from argocd.platform_apps import CLUSTER_KINDS, NAMESPACED_KINDS
from environments.catalog import ADDON_SETS
from environments.names import (
    ARGOCD_NAMESPACE,
    PREVIEW_NAMESPACE_PREFIX,
    App,
    Names,
    namespace_of,
)
from tests.support.manifests import Manifest, all_of, one

ENVIRONMENTS = pytest.mark.parametrize("name", ["dev", "prod"])
CLUSTER_SCOPED = {("", "Namespace"), ("storage.k8s.io", "StorageClass")}
IN_CLUSTER = "https://kubernetes.default.svc"


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


@pytest.mark.parametrize(
    "kinds",
    [NAMESPACED_KINDS, addon_kinds.CLUSTER_KINDS, addon_kinds.NAMESPACED_KINDS],
)
def test_allow_lists_name_each_kind_once_and_in_order(kinds: tuple[ResourceKind, ...]) -> None:
    listed = [(kind.group, kind.kind) for kind in kinds]
    assert listed == sorted(set(listed))


@ENVIRONMENTS
def test_platform_project_manages_only_its_own_objects_outside_namespaces(
    name: str,
    argocd: dict[str, list[Manifest]],
    manifests: dict[str, dict[App, list[Manifest]]],
    names: dict[str, Names],
) -> None:
    project = one(argocd[name], "AppProject", names[name].argocd_project)
    rendered = {
        (m["kind"], m["metadata"]["name"])
        for objects in manifests[name].values()
        for m in objects
        if group_kind(m) in CLUSTER_SCOPED
    }
    allowed = [(k["kind"], k["name"]) for k in project["spec"]["clusterResourceWhitelist"]]
    assert sorted(allowed) == sorted(rendered)
    assert {kind.kind for kind in CLUSTER_KINDS} == {kind for _, kind in CLUSTER_SCOPED}


@ENVIRONMENTS
def test_platform_project_syncs_its_own_repository_into_its_own_namespaces_only(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    spec = one(argocd[name], "AppProject", names[name].argocd_project)["spec"]
    assert spec["sourceRepos"] == [names[name].env.repository.url]
    assert spec["destinations"] == [
        {"server": IN_CLUSTER, "namespace": namespace}
        for namespace in sorted({namespace_of(app) for app in App})
    ]


@ENVIRONMENTS
def test_addons_come_from_the_repositories_of_their_set_into_their_own_namespaces_only(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    spec = one(argocd[name], "AppProject", names[name].argocd_addons_project)["spec"]
    charts = ADDON_SETS[names[name].env.addon_set].charts
    installed = installed_charts(names[name])
    assert set(spec["sourceRepos"]) == {charts[r.addon].repository_url for r in installed}
    assert {destination["server"] for destination in spec["destinations"]} == {IN_CLUSTER}
    namespaces = {destination["namespace"] for destination in spec["destinations"]}
    assert namespaces == {chart.namespace for chart in installed} | {"kube-system"}
    assert not namespaces & {namespace_of(App.ORCHESTRATOR), ARGOCD_NAMESPACE}


@ENVIRONMENTS
def test_addons_may_not_make_what_runs_outside_a_chart_s_own_kinds(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    project = one(argocd[name], "AppProject", names[name].argocd_addons_project)
    kinds = {kind for scope in ("cluster", "namespace") for _, kind in permitted(project, scope)}
    assert not kinds & {"Application", "AppProject", "Namespace", "Ingress", "Node", "Pod"}


@ENVIRONMENTS
def test_every_project_keeps_the_environments_sync_windows(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    for project in all_of(argocd[name], "AppProject"):
        windows = project["spec"].get("syncWindows", [])
        assert [
            (w["kind"], w["schedule"], w["duration"], w["timeZone"], w["manualSync"])
            for w in windows
        ] == [
            (w.kind, w.schedule, f"{w.duration_hours}h", w.time_zone, True)
            for w in names[name].env.sync_windows
        ]


def test_only_production_rests_over_the_weekend(names: dict[str, Names]) -> None:
    assert names["dev"].env.sync_windows == ()
    assert names["prod"].env.sync_windows


@ENVIRONMENTS
def test_root_project_manages_applications_their_sets_and_projects_in_argo_cds_namespace_only(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    project = one(argocd[name], "AppProject", names[name].argocd_root)
    assert permitted(project, "cluster") == []
    assert permitted(project, "namespace") == [
        ("argoproj.io", "AppProject"),
        ("argoproj.io", "Application"),
        ("argoproj.io", "ApplicationSet"),
    ]
    assert [d["namespace"] for d in project["spec"]["destinations"]] == [ARGOCD_NAMESPACE]
    assert project["spec"]["sourceRepos"] == [names[name].env.repository.url]


@ENVIRONMENTS
def test_no_project_has_a_wildcard(name: str, argocd: dict[str, list[Manifest]]) -> None:
    for project in all_of(argocd[name], "AppProject"):
        # A sync window's star is every Application of its own project.
        allowed = {k: v for k, v in project["spec"].items() if k != "syncWindows"}
        # And a preview's namespace is named after its pull request.
        assert "*" not in str(allowed).replace(f"{PREVIEW_NAMESPACE_PREFIX}*", "")


@ENVIRONMENTS
def test_objects_in_the_namespace_that_git_does_not_know_are_reported(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    project = one(argocd[name], "AppProject", names[name].argocd_project)
    assert project["spec"]["orphanedResources"] == {"warn": True}


@ENVIRONMENTS
def test_projects_outlive_a_folder_that_lacks_them(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    for project in all_of(argocd[name], "AppProject"):
        if project["metadata"]["name"] == names[name].argocd_previews:
            continue  # goes when previews are switched off
        options = project["metadata"]["annotations"]["argocd.argoproj.io/sync-options"].split(",")
        assert "Prune=false" in options
