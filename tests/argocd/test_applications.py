"""What is synced, from where and how, and which fields are ignored."""

import dataclasses
from pathlib import Path

import pytest

from argocd.addons.installed import installed_charts
from argocd.app import build
from environments.names import App, Names, namespace_of
from environments.registry import ENVIRONMENTS as REGISTERED
from tests.support.crds import needs_crds, validate_custom_resource
from tests.support.manifests import Manifest, all_of, one

ENVIRONMENTS = pytest.mark.parametrize("name", ["dev", "prod"])
ADDON_GROUPS = (
    "external-secrets.io",
    "monitoring.coreos.com",
)  # kinds whose CRDs an add-on installs


def sync_options(manifest: Manifest) -> set[str]:
    annotations = manifest["metadata"].get("annotations", {})
    return set(annotations.get("argocd.argoproj.io/sync-options", "").split(","))


def group(manifest: Manifest) -> str:
    found: str = manifest["apiVersion"].rpartition("/")[0]
    return found


def from_git(manifests: list[Manifest]) -> list[Manifest]:
    """The Applications that sync a folder of this repository; the others sync a chart."""
    return [a for a in all_of(manifests, "Application") if "path" in a["spec"]["source"]]


@ENVIRONMENTS
def test_every_application_syncs_a_folder_that_is_rendered_or_a_chart(
    name: str, argocd: dict[str, list[Manifest]], rendered: Path
) -> None:
    for application in all_of(argocd[name], "Application"):
        source = application["spec"]["source"]
        assert ("path" in source) != ("chart" in source)
        if "path" in source:
            folder = rendered.parent / source["path"]
            assert list(folder.glob("*.yaml")), f"{folder} holds no manifest"


@ENVIRONMENTS
def test_every_namespace_that_an_application_names_is_rendered_or_eks_own(
    name: str,
    argocd: dict[str, list[Manifest]],
    manifests: dict[str, dict[App, list[Manifest]]],
) -> None:
    rendered_namespaces = {
        namespace["metadata"]["name"]
        for objects in manifests[name].values()
        for namespace in all_of(objects, "Namespace")
    }
    named = {a["spec"]["destination"]["namespace"] for a in all_of(argocd[name], "Application")}
    # Bootstrap makes Argo CD's own, from a folder of its own.
    assert named - rendered_namespaces == {"kube-system", "argocd"}


@ENVIRONMENTS
def test_each_app_is_synced_into_the_namespace_where_its_objects_live(
    name: str,
    argocd: dict[str, list[Manifest]],
    manifests: dict[str, dict[App, list[Manifest]]],
    names: dict[str, Names],
) -> None:
    for app, objects in manifests[name].items():
        application = one(argocd[name], "Application", names[name].application(app))
        assert application["spec"]["destination"]["namespace"] == namespace_of(app)
        lived_in = {m["metadata"]["namespace"] for m in objects if "namespace" in m["metadata"]}
        assert lived_in <= {namespace_of(app)}


@ENVIRONMENTS
def test_every_rendered_app_has_its_application(
    name: str, argocd: dict[str, list[Manifest]], rendered: Path
) -> None:
    synced = {a["spec"]["source"]["path"] for a in from_git(argocd[name])}
    for folder in (rendered / name / "k8s").iterdir():
        assert f"rendered/{name}/k8s/{folder.name}" in synced


@ENVIRONMENTS
def test_root_application_syncs_the_folder_that_holds_it(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    root = one(argocd[name], "Application", names[name].argocd_root)
    assert root["spec"]["source"]["path"] == f"rendered/{name}/argocd"


@ENVIRONMENTS
def test_no_application_is_in_the_default_project(
    name: str, argocd: dict[str, list[Manifest]]
) -> None:
    projects = {project["metadata"]["name"] for project in all_of(argocd[name], "AppProject")}
    for application in all_of(argocd[name], "Application"):
        assert application["spec"]["project"] in projects


@ENVIRONMENTS
def test_only_the_root_application_may_change_applications(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    members = [
        application["metadata"]["name"]
        for application in all_of(argocd[name], "Application")
        if application["spec"]["project"] == names[name].argocd_root
    ]
    assert members == [names[name].argocd_root]


@ENVIRONMENTS
def test_a_merge_is_synced_pruned_and_healed_without_a_person(
    name: str, argocd: dict[str, list[Manifest]]
) -> None:
    for application in all_of(argocd[name], "Application"):
        policy = application["spec"]["syncPolicy"]
        assert policy["automated"] == {"prune": True, "selfHeal": True}
        assert "ServerSideApply=true" in policy["syncOptions"]


@ENVIRONMENTS
def test_a_failed_sync_is_tried_again_with_growing_pauses_until_it_works(
    name: str, argocd: dict[str, list[Manifest]]
) -> None:
    for application in all_of(argocd[name], "Application"):
        retry = application["spec"]["syncPolicy"]["retry"]
        assert retry["limit"] < 0
        assert retry["refresh"], "a commit that fixes the failure would not be synced"
        assert retry["backoff"]["factor"] > 1


@ENVIRONMENTS
def test_argo_cd_ignores_replicas_exactly_where_an_autoscaler_sets_them(
    name: str,
    argocd: dict[str, list[Manifest]],
    manifests: dict[str, dict[App, list[Manifest]]],
    names: dict[str, Names],
) -> None:
    for app, objects in manifests[name].items():
        scaled = {
            (target["kind"], target["name"], ".spec.replicas")
            for autoscaler in all_of(objects, "HorizontalPodAutoscaler")
            for target in [autoscaler["spec"]["scaleTargetRef"]]
        }
        spec = one(argocd[name], "Application", names[name].application(app))["spec"]
        ignored = {
            (entry["kind"], entry["name"], field)
            for entry in spec.get("ignoreDifferences", [])
            for field in entry["jqPathExpressions"]
        }
        assert ignored == scaled
        assert not ignored or "RespectIgnoreDifferences=true" in spec["syncPolicy"]["syncOptions"]


@ENVIRONMENTS
def test_dry_run_is_skipped_exactly_where_the_kind_may_not_exist_yet(
    name: str,
    argocd: dict[str, list[Manifest]],
    manifests: dict[str, dict[App, list[Manifest]]],
    names: dict[str, Names],
) -> None:
    for app, objects in manifests[name].items():
        application = one(argocd[name], "Application", names[name].application(app))
        options = application["spec"]["syncPolicy"]["syncOptions"]
        custom = any(group(manifest) in ADDON_GROUPS for manifest in objects)
        assert ("SkipDryRunOnMissingResource=true" in options) == custom


@ENVIRONMENTS
def test_a_person_confirms_the_removal_of_what_holds_data(
    name: str,
    argocd: dict[str, list[Manifest]],
    manifests: dict[str, dict[App, list[Manifest]]],
    names: dict[str, Names],
) -> None:
    with_data = {
        *(
            names[name].application(app)
            for app, objects in manifests[name].items()
            if all_of(objects, "Namespace")
        ),
        *(names[name].application(r.addon) for r in installed_charts(names[name]) if r.holds_data),
    }
    confirmed = {
        a["metadata"]["name"]
        for a in all_of(argocd[name], "Application")
        if sync_options(a) == {"Prune=confirm", "Delete=confirm"}
    }
    assert confirmed == with_data
    for objects in manifests[name].values():
        for namespace in all_of(objects, "Namespace"):
            assert sync_options(namespace) == {"Prune=confirm", "Delete=confirm"}


@ENVIRONMENTS
def test_the_root_application_never_prunes_itself_or_waits_for_its_own_project(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    options = {
        kind: one(argocd[name], kind, names[name].argocd_root)["metadata"]["annotations"][
            "argocd.argoproj.io/sync-options"
        ]
        for kind in ("Application", "AppProject")
    }
    assert options == {"Application": "Prune=false", "AppProject": "Prune=false,Delete=false"}


def test_repository_and_revision_are_values_of_the_environment() -> None:
    (dev, *_) = REGISTERED
    elsewhere = dataclasses.replace(
        dev.repository, owner="elsewhere", name="moved", revision="release"
    )
    manifests = build(dataclasses.replace(dev, repository=elsewhere))
    assert dev.repository.url not in str(manifests)
    url = "https://github.com/elsewhere/moved.git"
    for application in from_git(manifests):
        source = application["spec"]["source"]
        assert (source["repoURL"], source["targetRevision"]) == (url, "release")


def test_environments_differ_by_their_values_and_not_by_their_name() -> None:
    (prod,) = (env for env in REGISTERED if env.name == "prod")
    renamed = dataclasses.replace(prod, name="elsewhere")
    assert str(build(renamed)).replace("elsewhere", "prod") == str(build(prod))


@needs_crds
@ENVIRONMENTS
def test_every_object_satisfies_its_definition(
    name: str, argocd: dict[str, list[Manifest]]
) -> None:
    problems = [problem for m in argocd[name] for problem in validate_custom_resource(m)]
    assert problems == []
