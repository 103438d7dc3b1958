"""Each part comes after everything that it needs, according to the rendered manifests."""

from collections.abc import Iterator

import pytest

from argocd.addons.installed import installed_charts
from argocd.waves import FIRST, LAST, ORDER
from environments.names import DEFAULT_STORAGE_CLASS, Addon, App, Names
from tests.support.manifests import Manifest, all_of, one

ENVIRONMENTS = pytest.mark.parametrize("name", ["dev", "prod"])

# The add-ons that install the CRDs of these groups, and those that act on them.
DEFINED_BY = {
    "external-secrets.io": Addon.EXTERNAL_SECRETS,
    "monitoring.coreos.com": Addon.PROMETHEUS_CRDS,
}
# What an autoscaler's metrics go through, by their type.
BEHIND_METRICS = {
    "Resource": (Addon.METRICS_SERVER,),
    "External": (Addon.REDIS_EXPORTER, Addon.PROMETHEUS_STACK, Addon.PROMETHEUS_ADAPTER),
}
EXISTING_NAMESPACES = {"kube-system", "argocd"}

Manifests = dict[str, dict[App, list[Manifest]]]


def wave(manifest: Manifest) -> int:
    annotations = manifest["metadata"].get("annotations", {})
    return int(annotations.get("argocd.argoproj.io/sync-wave", "0"))


@pytest.fixture
def waves(name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]) -> dict[str, int]:
    """App or add-on → the wave of its Application, as rendered."""
    found = {a["metadata"]["name"]: wave(a) for a in all_of(argocd[name], "Application")}
    return {
        part: found[names[name].application(part)]
        for part in (*App, *Addon)
        if names[name].application(part) in found
    }


def tree(value: object) -> Iterator[dict[str, object]]:
    """Every map in a rendered value."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from tree(part)
    elif isinstance(value, list):
        for part in value:
            yield from tree(part)


def test_every_app_and_addon_has_one_place_in_the_order() -> None:
    placed = [part for parts in ORDER for part in parts]
    assert sorted(placed) == sorted((*App, *Addon))


@ENVIRONMENTS
def test_projects_come_first_and_the_root_last(
    name: str,
    argocd: dict[str, list[Manifest]],
    names: dict[str, Names],
    waves: dict[str, int],
) -> None:
    projects = {wave(project) for project in all_of(argocd[name], "AppProject")}
    assert max(projects) < FIRST <= min(waves.values())
    root = one(argocd[name], "Application", names[name].argocd_root)
    assert wave(root) == LAST > max(waves.values())


@ENVIRONMENTS
def test_a_definition_comes_before_the_objects_of_its_kind(
    name: str, manifests: Manifests, waves: dict[str, int]
) -> None:
    checked = set()
    for app, objects in manifests[name].items():
        for manifest in objects:
            group = manifest["apiVersion"].rpartition("/")[0]
            if group in DEFINED_BY:
                assert waves[DEFINED_BY[group]] < waves[app], f"{app} needs {DEFINED_BY[group]}"
                checked.add(group)
    assert "external-secrets.io" in checked


@ENVIRONMENTS
def test_a_chart_that_makes_monitors_comes_after_their_definition(
    name: str, names: dict[str, Names], waves: dict[str, int]
) -> None:
    for chart in installed_charts(names[name]):
        monitors = any(
            part["enabled"] is True
            for values in tree(chart.values)
            for key, part in values.items()
            if key in ("serviceMonitor", "podMonitor", "prometheusRule")
            and isinstance(part, dict)
            and "enabled" in part
        )
        if monitors:
            assert waves[Addon.PROMETHEUS_CRDS] < waves[chart.addon]


@ENVIRONMENTS
def test_a_namespace_comes_before_the_objects_in_it(
    name: str,
    argocd: dict[str, list[Manifest]],
    manifests: Manifests,
    names: dict[str, Names],
    waves: dict[str, int],
) -> None:
    made_by = {
        namespace["metadata"]["name"]: app
        for app, objects in manifests[name].items()
        for namespace in all_of(objects, "Namespace")
    }
    for part, at in waves.items():
        application = one(argocd[name], "Application", f"{names[name].prefix}-{part}")
        namespace = application["spec"]["destination"]["namespace"]
        objects = manifests[name].get(part, [])  # type: ignore[call-overload]
        if namespace in EXISTING_NAMESPACES:
            continue
        if part is Addon.PROMETHEUS_CRDS or (
            objects and not any("namespace" in m["metadata"] for m in objects)
        ):
            continue  # its objects have no namespace
        if made_by[namespace] != part:  # within one sync, Argo CD makes namespaces first
            assert waves[made_by[namespace]] < at, f"{part} is in {namespace}"


@ENVIRONMENTS
def test_an_operator_then_its_store_then_the_secrets_then_the_pods_that_read_them(
    name: str, manifests: Manifests, waves: dict[str, int]
) -> None:
    made_by: dict[tuple[str, str], App] = {}
    for app, objects in manifests[name].items():
        stores = {
            store["metadata"]["name"]: wave(store) for store in all_of(objects, "SecretStore")
        }
        for secret in all_of(objects, "ExternalSecret"):
            assert waves[Addon.EXTERNAL_SECRETS] < waves[app]
            # Each namespace has its own store, which comes first within its Application's sync.
            assert stores[secret["spec"]["secretStoreRef"]["name"]] < wave(secret)
            where = secret["metadata"]["namespace"], secret["spec"]["target"]["name"]
            made_by[where] = app
    read = 0
    for app, objects in manifests[name].items():
        for workload in (*all_of(objects, "Deployment"), *all_of(objects, "Job")):
            for secret_name in secrets_of(workload):
                maker = made_by[workload["metadata"]["namespace"], secret_name]
                assert waves[maker] < waves[app], f"{app} reads {secret_name} of {maker}"
                read += 1
    assert read > 3


def secrets_of(workload: Manifest) -> set[str]:
    """The Secrets that a pod mounts or takes into its environment."""
    named = set()
    for part in tree(workload["spec"]["template"]["spec"]):
        for key, field in (
            ("secret", "secretName"),
            ("secretRef", "name"),
            ("secretKeyRef", "name"),
        ):
            reference = part.get(key)
            if isinstance(reference, dict) and field in reference:
                named.add(str(reference[field]))
    return named


@ENVIRONMENTS
def test_what_acts_on_an_object_comes_before_it(
    name: str, manifests: Manifests, waves: dict[str, int]
) -> None:
    for app, objects in manifests[name].items():
        if all_of(objects, "Ingress"):
            assert waves[Addon.LOAD_BALANCER_CONTROLLER] < waves[app]
        for autoscaler in all_of(objects, "HorizontalPodAutoscaler"):
            for metric in autoscaler["spec"]["metrics"]:
                for addon in BEHIND_METRICS[metric["type"]]:
                    assert waves[addon] < waves[app], f"{app} scales by a metric of {addon}"


@ENVIRONMENTS
def test_the_storage_class_comes_before_every_claim_of_a_volume(
    name: str, manifests: Manifests, names: dict[str, Names], waves: dict[str, int]
) -> None:
    (made_by,) = (
        app for app, objects in manifests[name].items() if all_of(objects, "StorageClass")
    )
    for chart in installed_charts(names[name]):
        if DEFAULT_STORAGE_CLASS in str(chart.values):
            assert waves[made_by] < waves[chart.addon]


@ENVIRONMENTS
def test_parts_that_only_observe_come_last(waves: dict[str, int]) -> None:
    # The workers scale by the others' metrics.
    assert waves[App.WORKER] < waves[Addon.CLOUDWATCH_EXPORTER]
    for addon in (
        Addon.PROMETHEUS_STACK,
        Addon.PROMETHEUS_ADAPTER,
        Addon.REDIS_EXPORTER,
        Addon.CLOUDWATCH_EXPORTER,
    ):
        assert waves[App.ORCHESTRATOR] < waves[addon]
