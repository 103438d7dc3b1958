"""What the add-ons' charts make of the rendered values, with the real Helm and the real charts.

Without the folder `CHART_DIR` these tests are skipped, also where every other real tool is required:
charts come from the internet only.
"""

import copy
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from argocd.addons.installed import installed_charts
from environments.names import AGGREGATED_API_SERVERS, Addon, App, Names, Stack
from evalctl.chart_objects import without_certificates
from evalctl.processes import CommandFailedError
from tests.support import charts
from tests.support.manifests import Manifest, all_of, one
from tests.support.pod_security import violations
from tests.support.services import ALERTMANAGER, PROMETHEUS
from tests.support.terraform import Terraform

pytestmark = pytest.mark.charts

ENVIRONMENTS = pytest.mark.parametrize("name", ["dev", "prod"])
EACH_ADDON = pytest.mark.parametrize("addon", list(Addon))
Path = tuple[str, ...]
Rendered = dict[str, list[Manifest]]

# Values that another version of the chart does not know, or a package from the chart's source: the
# templates of External Secrets' definitions are made when a version is released.
ONLY_IN_THE_PINNED_PACKAGE: Mapping[Addon, set[Path]] = defaultdict(
    set,
    {
        Addon.CLOUDWATCH_EXPORTER: {("dnsPolicy",)},
        Addon.EXTERNAL_SECRETS: {("crds", "annotations", "argocd.argoproj.io/sync-options")},
    },
)
# The Services that pods connect to. A network policy must select their pods by labels of these selectors.
WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet", "Job")
# The operator makes the pods of these; the value is the label that it puts on them, with the object's name.
MADE_BY_THE_OPERATOR = {"Prometheus": "operator.prometheus.io/name", "Alertmanager": "alertmanager"}


def application_of(addon: Addon, name: str, argocd: Rendered, names: dict[str, Names]) -> Manifest:
    return one(argocd[name], "Application", names[name].application(addon))


def values_of(application: Manifest) -> Manifest:
    values: Manifest = application["spec"]["source"]["helm"].get("valuesObject", {})
    return values


def objects_of(
    application: Manifest, names: Names, values: Manifest | None = None
) -> list[Manifest]:
    return charts.template(
        application,
        values=values_of(application) if values is None else values,
        kubernetes_version=names.env.cluster.kubernetes_version,
    )


@pytest.fixture
def made(addon: Addon, name: str, argocd: Rendered, names: dict[str, Names]) -> list[Manifest]:
    """The objects of one add-on in one environment."""
    return objects_of(application_of(addon, name, argocd, names), names[name])


def pods(objects: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Each workload's name, and its template."""
    for made in objects:
        if made["kind"] in WORKLOADS:
            yield made["metadata"]["name"], made["spec"]["template"]


def changed(values: Manifest, path: Path) -> Iterator[Manifest]:
    """The values without this one, and with another one in its place."""
    for remove in (True, False):
        copied = copy.deepcopy(values)
        *above, last = path
        place = copied
        for key in above:
            place = place[key]
        value = place[last]
        if remove:
            del place[last]
        elif isinstance(value, bool):
            place[last] = not value
        elif isinstance(value, int):
            place[last] = value + 1
        elif isinstance(value, str):
            place[last] = f"{value}x"
        else:
            continue
        yield copied


@EACH_ADDON
@ENVIRONMENTS
def test_the_add_ons_that_a_teardown_deletes_first_serve_a_part_of_the_api(
    addon: Addon, made: list[Manifest]
) -> None:
    assert bool(all_of(made, "APIService")) == (addon in AGGREGATED_API_SERVERS)


@EACH_ADDON
def test_no_value_is_without_effect(
    addon: Addon, argocd: Rendered, names: dict[str, Names]
) -> None:
    """A value is one that the chart's own values list, or it changes the objects of an environment.

    A misspelled key, or one of another version, is neither.
    """
    effective: dict[Path, bool] = {}
    for name in sorted(argocd, reverse=True):  # production first, which has more objects
        application = application_of(addon, name, argocd, names)
        values, known = values_of(application), charts.defaults(application)
        absent = set() if charts.is_pinned(application) else ONLY_IN_THE_PINNED_PACKAGE[addon]
        suspects = [p for p in unlisted(values, known) - absent if not effective.get(p)]
        with ThreadPoolExecutor(2) as pool:
            check = partial(has_effect, application, names[name], values)
            effective |= dict(zip(suspects, pool.map(check, suspects), strict=True))
    assert [".".join(path) for path, found in effective.items() if not found] == []


def unlisted(values: Manifest, known: Any, path: Path = ()) -> set[Path]:
    """The shortest paths that the chart's own values do not have."""
    found: set[Path] = set()
    for key, value in values.items():
        if not isinstance(known, dict) or key not in known:
            found.add((*path, key))
        elif isinstance(value, dict):
            found |= unlisted(value, known[key], (*path, key))
    return found


def has_effect(application: Manifest, names: Names, values: Manifest, path: Path) -> bool:
    """Whether the objects are others without this value, or with another one in its place."""
    before = without_certificates(objects_of(application, names, {**values, "unknown-key": "1"}))
    for other in changed(values, path):
        try:
            after = without_certificates(objects_of(application, names, other))
        except CommandFailedError:
            return True  # the chart read it, and refuses it
        if after != before:
            return True
    return False


@pytest.mark.parametrize("misspelled", ["replicas-count", "podLabel"])
def test_a_misspelled_value_is_found(
    misspelled: str, argocd: Rendered, names: dict[str, Names]
) -> None:
    """Proves the method above."""
    application = copy.deepcopy(application_of(Addon.CLOUDWATCH_EXPORTER, "dev", argocd, names))
    application["spec"]["source"]["helm"]["valuesObject"][misspelled] = {"a": "b"}
    with pytest.raises(AssertionError, match=misspelled):
        test_no_value_is_without_effect(Addon.CLOUDWATCH_EXPORTER, {"dev": [application]}, names)


@ENVIRONMENTS
@EACH_ADDON
def test_every_container_has_requests_and_limits(made: list[Manifest]) -> None:
    for workload, template in pods(made):
        pod = template["spec"]
        for container in [*(pod.get("initContainers") or ()), *pod["containers"]]:
            for kind in ("requests", "limits"):
                sized = (container.get("resources") or {}).get(kind, {})
                assert sized.keys() >= {"cpu", "memory"}, f"{workload}/{container['name']}: {kind}"
    for kind in MADE_BY_THE_OPERATOR:
        for custom in all_of(made, kind):
            for sizes in custom["spec"]["resources"].values():
                assert sizes.keys() == {"cpu", "memory"}


@ENVIRONMENTS
@EACH_ADDON
def test_every_pod_has_the_pod_security_level_of_its_namespace(
    name: str, made: list[Manifest], manifests: dict[str, dict[App, list[Manifest]]]
) -> None:
    restricted = {
        namespace["metadata"]["name"]
        for objects in manifests[name].values()
        for namespace in all_of(objects, "Namespace")
        if namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    }
    assert {"external-secrets", "monitoring"} <= restricted | {
        made["metadata"]["namespace"] for made in made
    }
    for workload in made:
        if workload["metadata"]["namespace"] not in restricted:
            continue
        if workload["kind"] in WORKLOADS:
            found = list(violations(workload["spec"]["template"]["spec"]))
            assert found == [], workload["metadata"]["name"]
        elif workload["kind"] in MADE_BY_THE_OPERATOR:  # it makes the containers' own settings
            context = workload["spec"]["securityContext"]
            assert context["runAsNonRoot"] is True
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}


@ENVIRONMENTS
@EACH_ADDON
def test_every_service_selects_pods_of_its_own_chart(made: list[Manifest]) -> None:
    labels = [template["metadata"]["labels"] for _, template in pods(made)]
    for kind, label in MADE_BY_THE_OPERATOR.items():
        for custom in all_of(made, kind):
            name = custom["metadata"]["name"]
            labels.append({"app.kubernetes.io/name": kind.lower(), label: name})
    for service in all_of(made, "Service"):
        selector = service["spec"]["selector"]
        if selector == {"k8s-app": "kube-dns"}:
            continue  # the metrics of CoreDNS, which EKS runs
        assert any(selector.items() <= of_pod.items() for of_pod in labels), service["metadata"]


@ENVIRONMENTS
def test_services_that_pods_connect_to_have_these_selectors(
    name: str, argocd: Rendered, names: dict[str, Names]
) -> None:
    objects = objects_of(application_of(Addon.PROMETHEUS_STACK, name, argocd, names), names[name])
    for service in (PROMETHEUS, ALERTMANAGER):
        assert one(objects, "Service", service.name)["spec"]["selector"] == service.selector


@ENVIRONMENTS
def test_the_service_accounts_with_an_aws_role_are_those_of_the_charts_pods(
    name: str,
    argocd: Rendered,
    names: dict[str, Names],
    terraform: dict[str, dict[Stack, Terraform]],
) -> None:
    in_charts = {chart.namespace for chart in installed_charts(names[name])}
    objects = [
        made
        for addon in Addon
        for made in objects_of(application_of(addon, name, argocd, names), names[name])
    ]
    used = {
        (
            workload["metadata"]["namespace"],
            workload["spec"]["template"]["spec"].get("serviceAccountName"),
        )
        for workload in objects
        if workload["kind"] in WORKLOADS
    }
    accounts = {
        (account["metadata"]["namespace"], account["metadata"]["name"])
        for account in all_of(objects, "ServiceAccount")
    }
    associated = {
        (one["namespace"], one["service_account"])
        for one in terraform[name][Stack.CLUSTER]
        .resources("aws_eks_pod_identity_association")
        .values()
        if one["namespace"] in in_charts
    }
    of_eks = {("kube-system", "ebs-csi-controller-sa"), ("kube-system", "aws-node")}
    assert associated - of_eks
    assert associated - of_eks <= used & accounts


@ENVIRONMENTS
@EACH_ADDON
def test_the_project_permits_every_object(
    name: str, made: list[Manifest], argocd: Rendered, names: dict[str, Names]
) -> None:
    spec = one(argocd[name], "AppProject", names[name].argocd_addons_project)["spec"]
    cluster = [(k["group"], k["kind"], k.get("name")) for k in spec["clusterResourceWhitelist"]]
    namespaced = {(k["group"], k["kind"]) for k in spec["namespaceResourceWhitelist"]}
    namespaces = {destination["namespace"] for destination in spec["destinations"]}
    for one_made in made:
        group, kind = one_made["apiVersion"].rpartition("/")[0], one_made["kind"]
        own = one_made["metadata"]["name"]
        if (group, kind) in namespaced:
            assert one_made["metadata"]["namespace"] in namespaces
        else:
            assert (group, kind, None) in cluster or (group, kind, own) in cluster, own


def test_the_project_permits_no_kind_that_no_chart_makes(
    argocd: Rendered, names: dict[str, Names]
) -> None:
    made = {
        (one_made["apiVersion"].rpartition("/")[0], one_made["kind"])
        for name in names
        for addon in Addon
        for one_made in objects_of(application_of(addon, name, argocd, names), names[name])
    }
    spec = one(argocd["prod"], "AppProject", names["prod"].argocd_addons_project)["spec"]
    permitted = {
        (kind["group"], kind["kind"])
        for scope in ("cluster", "namespace")
        for kind in spec[f"{scope}ResourceWhitelist"]
    }
    assert permitted == made
