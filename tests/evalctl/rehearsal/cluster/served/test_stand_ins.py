"""The stand-ins' objects: what our values set, and the same as the real charts make of them."""

import copy
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from environments.catalog import Chart
from environments.names import Addon, Names
from evalctl.rehearsal.cluster.served import stand_ins
from evalctl.rehearsal.cluster.served.problem import NotServedError
from tests.support import charts, tools
from tests.support.crds import needs_crds, validate_custom_resource
from tests.support.each_environment import EACH_NAME
from tests.support.manifests import Manifest, all_of, one
from tests.support.pod_security import violations

Rendered = dict[str, list[Manifest]]
Key = tuple[str, str, str]

# Prometheus' definitions are a chart without workloads, and large.
EACH_ADDON = pytest.mark.parametrize(
    "addon", [addon for addon in Addon if addon is not Addon.PROMETHEUS_CRDS]
)

# A stand-in has the same objects of these kinds as the real chart.
SAME_KINDS = (
    "APIService",
    "Alertmanager",
    "DaemonSet",
    "Deployment",
    "IngressClass",
    "PodDisruptionBudget",
    "Prometheus",
    "Secret",
    "Service",
    "ServiceAccount",
    "ServiceMonitor",
)
# Labels that name a version, or Helm, and that nothing selects.
NOT_SELECTED = (
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/version",
    "chart",
    "helm.sh/chart",
    "heritage",
)
# Fields of the operator's objects that the real chart sets to the operator's own defaults, or to a version.
DEFAULTED = {
    "enableAdminAPI",
    "enableOTLPReceiver",
    "hostNetwork",
    "image",
    "imagePullPolicy",
    "listenLocal",
    "logFormat",
    "logLevel",
    "paused",
    "tsdb",
    "version",
}
# Of pods and containers: what schedules, admits or connects them.
POD_FIELDS = (
    "affinity",
    "nodeSelector",
    "priorityClassName",
    "securityContext",
    "serviceAccountName",
    "tolerations",
    "topologySpreadConstraints",
)


@pytest.fixture(scope="module")
def packages(
    argocd: Rendered, tmp_path_factory: pytest.TempPathFactory
) -> dict[Addon, tuple[Path, str]]:
    """Each stand-in in the version that production names, and its description."""
    helm = tools.program("helm", get_it="`make setup` installs it")
    folder = tmp_path_factory.mktemp("stand-ins")
    definitions = tools.folder("CRD_DIR", holding="the CustomResourceDefinitions")
    found = {}
    for addon in Addon:
        source = application(argocd["prod"], addon)["spec"]["source"]
        chart = Chart(
            repository_url=source["repoURL"],
            name=source["chart"],
            version=source["targetRevision"],
        )
        described = stand_ins.package(chart, folder, definitions=definitions, helm=helm)
        found[addon] = (folder / f"{chart.name}-{chart.version}.tgz", described)
    return found


def application(objects: list[Manifest], addon: Addon) -> Manifest:
    found = [
        candidate
        for candidate in all_of(objects, "Application")
        if candidate["spec"].get("source", {}).get("chart") == addon
    ]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def app(addon: Addon, name: str, argocd: Rendered) -> Manifest:
    return application(argocd[name], addon)


@pytest.fixture
def version(name: str, names: dict[str, Names]) -> str:
    return names[name].env.cluster.kubernetes_version


@pytest.fixture(scope="module")
def made_in(
    argocd: Rendered, packages: dict[Addon, tuple[Path, str]], names: dict[str, Names]
) -> Callable[[str, Addon], list[Manifest]]:
    """From an environment and an add-on to the stand-in's objects, which are made once."""

    @functools.cache
    def made(name: str, addon: Addon) -> list[Manifest]:
        app = application(argocd[name], addon)
        version = names[name].env.cluster.kubernetes_version
        return charts.objects(
            app, packages[addon][0], values=values_of(app), kubernetes_version=version
        )

    return made


@pytest.fixture
def made(
    name: str, addon: Addon, made_in: Callable[[str, Addon], list[Manifest]]
) -> list[Manifest]:
    """The objects of a stand-in in one environment."""
    return made_in(name, addon)


def values_of(app: Manifest) -> Manifest:
    values: Manifest = app["spec"]["source"]["helm"].get("valuesObject", {})
    return values


@pytest.mark.charts
@EACH_NAME
@EACH_ADDON
def test_a_stand_in_makes_the_objects_of_the_real_chart(
    app: Manifest, made: list[Manifest], version: str
) -> None:
    real = charts.template(app, values=values_of(app), kubernetes_version=version)
    assert comparable(made) == comparable(real)


@pytest.mark.charts
@EACH_ADDON
def test_a_changed_value_changes_the_stand_in_as_the_real_chart(
    addon: Addon,
    argocd: Rendered,
    packages: dict[Addon, tuple[Path, str]],
    names: dict[str, Names],
) -> None:
    app = application(argocd["prod"], addon)
    version = names["prod"].env.cluster.kubernetes_version
    values = changed(values_of(app))
    before = charts.objects(
        app, packages[addon][0], values=values_of(app), kubernetes_version=version
    )
    after = charts.objects(app, packages[addon][0], values=values, kubernetes_version=version)
    assert comparable(after) != comparable(before)
    real = charts.template(app, values=values, kubernetes_version=version)
    assert comparable(after) == comparable(real)


@EACH_NAME
@EACH_ADDON
def test_a_stand_in_has_the_requests_and_placement_of_the_values(
    app: Manifest, made: list[Manifest]
) -> None:
    """Without the real charts too: each request and node selector is in an object."""
    workloads = [one for one in made if one["kind"] != "CustomResourceDefinition"]
    text = [canonical(part) for part in parts(workloads)]
    for wanted in settings(values_of(app)):
        assert canonical(wanted) in text, wanted


@needs_crds
@EACH_NAME
@EACH_ADDON
def test_definitions_admit_a_stand_ins_custom_resources(made: list[Manifest]) -> None:
    for custom in all_of(made, "ServiceMonitor"):
        assert validate_custom_resource(custom) == []


@EACH_NAME
@EACH_ADDON
def test_a_stand_in_meets_the_pod_security_level_of_its_namespace(made: list[Manifest]) -> None:
    for workload in all_of(made, "Deployment"):
        if workload["metadata"]["namespace"] in ("external-secrets", "monitoring"):
            assert list(violations(workload["spec"]["template"]["spec"])) == []


@EACH_NAME
@EACH_ADDON
def test_every_kind_is_one_that_the_project_of_the_add_ons_permits(
    name: str, made: list[Manifest], argocd: Rendered, names: dict[str, Names]
) -> None:
    spec = one(argocd[name], "AppProject", names[name].argocd_addons_project)["spec"]
    permitted = {
        (kind["group"], kind["kind"])
        for scope in ("cluster", "namespace")
        for kind in spec[f"{scope}ResourceWhitelist"]
    }
    kinds = {(manifest["apiVersion"].rpartition("/")[0], manifest["kind"]) for manifest in made}
    assert kinds <= permitted


@EACH_NAME
def test_definitions_have_the_annotations_of_the_values(
    name: str, argocd: Rendered, made_in: Callable[[str, Addon], list[Manifest]]
) -> None:
    for addon, count in ((Addon.PROMETHEUS_CRDS, 10), (Addon.EXTERNAL_SECRETS, 3)):
        definitions = all_of(made_in(name, addon), "CustomResourceDefinition")
        wanted = values_of(application(argocd[name], addon))["crds"]["annotations"]
        assert len(definitions) == count
        for definition in definitions:
            assert wanted.items() <= definition["metadata"]["annotations"].items()


@needs_crds
def test_definitions_are_those_of_the_folder_and_others_are_named(
    packages: dict[Addon, tuple[Path, str]], argocd: Rendered
) -> None:
    package, described = packages[Addon.PROMETHEUS_CRDS]
    assert "without a schema: alertmanagers.monitoring.coreos.com" in described
    assert "servicemonitors" not in described
    app = application(argocd["prod"], Addon.PROMETHEUS_CRDS)
    made = charts.objects(app, package, values={}, kubernetes_version="1.35")
    folder = tools.folder("CRD_DIR", holding="the CustomResourceDefinitions")
    original = yaml.load(
        (folder / "monitoring.coreos.com_servicemonitors.yaml").read_text(),
        Loader=charts.Loader,
    )
    served = one(made, "CustomResourceDefinition", "servicemonitors.monitoring.coreos.com")
    assert served["spec"] == original["spec"]


def test_a_chart_without_stand_in_is_refused(tmp_path: Path) -> None:
    chart = Chart(repository_url="https://charts.example", name="unknown", version="1.0.0")
    with pytest.raises(NotServedError, match=r"unknown has no stand-in: add one to .*CHART_DIR"):
        stand_ins.package(chart, tmp_path, definitions=None, helm="helm")


def test_every_add_on_has_a_stand_in_and_no_other_chart() -> None:
    folders = {
        path.name
        for path in (Path(stand_ins.__file__).parent / "stand_in_charts").iterdir()
        if path.is_dir()
    }
    assert folders == set(Addon)


def changed(values: Manifest) -> Manifest:
    """The values with one replica more, twice the memory, and another node selector, wherever they are set."""

    def other(value: Any, key: str = "") -> Any:
        if key in ("replicas", "replicaCount"):
            return value + 1
        if key == "memory" and isinstance(value, str):
            return f"{int(value.removesuffix('Mi')) * 2}Mi"
        if key == "nodeSelector":
            return {"pool": "other"}
        if isinstance(value, dict):
            return {inner: other(part, inner) for inner, part in value.items()}
        return value

    result: Manifest = other(copy.deepcopy(values))
    return result


def settings(values: Any, key: str = "") -> Iterator[Any]:
    """Every group of requests and limits, and every node selector, of the values."""
    if key == "prometheusConfigReloader":
        return  # arguments of the operator
    if key in ("resources", "nodeSelector"):
        yield values
    elif isinstance(values, dict):
        for inner, part in values.items():
            yield from settings(part, inner)


def parts(value: Any) -> Iterator[Any]:
    yield value
    for part in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from parts(part)


def canonical(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=True)


def comparable(objects: list[Manifest]) -> dict[Key, Any]:
    """What must not differ between a stand-in and the real chart, by kind, namespace and name."""
    found: dict[Key, Any] = {}
    for manifest in objects:
        kind, metadata = manifest["kind"], manifest["metadata"]
        if kind in SAME_KINDS:
            namespace = "" if kind in ("APIService", "IngressClass") else metadata["namespace"]
            found[(kind, namespace, metadata["name"])] = essence(manifest)
    return found


def essence(manifest: Manifest) -> Any:
    spec = manifest.get("spec", {})
    match manifest["kind"]:
        case "Deployment" | "DaemonSet":
            template = spec["template"]
            return {
                "replicas": spec.get("replicas"),
                "strategy": spec.get("updateStrategy"),
                "selector": spec["selector"],
                "labels": selectable(template["metadata"]["labels"]),
                "pod": pod(template["spec"]),
            }
        case "Prometheus" | "Alertmanager":
            return {key: value for key, value in spec.items() if key not in DEFAULTED}
        case "ServiceMonitor":
            endpoints = [
                {
                    key: value
                    for key, value in endpoint.items()
                    if key in ("port", "path", "scheme", "honorLabels", "tlsConfig")
                }
                for endpoint in spec["endpoints"]
            ]
            return {**spec, "endpoints": endpoints}
        case "Service":
            ports = [without_defaults(port) for port in spec["ports"]]
            return {
                "labels": selectable(manifest["metadata"]["labels"]),
                "ports": ports,
                "selector": spec["selector"],
                "clusterIP": spec.get("clusterIP"),
            }
        case "ServiceAccount":
            return manifest.get("automountServiceAccountToken", True)
        case "Secret":
            return {"type": manifest.get("type"), "keys": set(manifest.get("data") or ())}
    return spec


def without_defaults(port: Manifest) -> Manifest:
    return {key: value for key, value in port.items() if (key, value) != ("protocol", "TCP")}


def pod(spec: Manifest) -> Manifest:
    return {
        **{field: spec.get(field) or None for field in POD_FIELDS},
        "hostNetwork": spec.get("hostNetwork", False),
        "token": spec.get("automountServiceAccountToken", True),
        "grace": spec.get("terminationGracePeriodSeconds", 30),
        "containers": {one["name"]: container(one) for one in spec["containers"]},
        "volumes": sorted(
            canonical({k: v for k, v in volume.items() if k != "name"})
            for volume in spec.get("volumes") or ()
        ),
    }


def container(spec: Manifest) -> Manifest:
    return {
        "image": spec["image"].rpartition(":")[0],
        "resources": spec["resources"],
        "securityContext": {
            key: value for key, value in spec["securityContext"].items() if value is not False
        },
        "ports": [without_defaults(port) for port in spec.get("ports") or ()],
        "probes": {
            probe: {
                key: value
                for key, value in spec[probe]["httpGet"].items()
                if value and (key, value) != ("scheme", "HTTP")
            }
            for probe in ("livenessProbe", "readinessProbe")
            if probe in spec
        },
        "reads": sorted(
            canonical(source[kind])
            for variable in spec.get("env") or ()
            for source in [variable.get("valueFrom", {})]
            for kind in ("secretKeyRef", "configMapKeyRef")
            if kind in source
        ),
    }


def selectable(labels: Manifest) -> Manifest:
    return {key: value for key, value in labels.items() if key not in NOT_SELECTED}
