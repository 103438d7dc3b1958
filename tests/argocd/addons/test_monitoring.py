"""The monitoring charts' values: safe on EKS, small, and the same at every rendering."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from argocd.addons.chart import AddonChart
from argocd.addons.installed import installed_charts
from environments.names import (
    GENERAL_POOL,
    MONITORING_LABEL,
    MONITORING_NAMESPACE,
    NODE_POOL_LABEL,
    QUEUE_METRIC,
    REDIS_QUEUE_KEY,
    Addon,
    App,
    MonitoringPart,
    Names,
    Secret,
)
from tests.support.manifests import Manifest, all_of, one

MONITORING = (
    Addon.PROMETHEUS_CRDS,
    Addon.PROMETHEUS_STACK,
    Addon.PROMETHEUS_ADAPTER,
    Addon.REDIS_EXPORTER,
    Addon.CLOUDWATCH_EXPORTER,
)
NODE_EXPORTER = "prometheus-node-exporter"

Values = dict[str, Any]  # as YAML comes
Charts = dict[Addon, Values]


@pytest.fixture(params=["dev", "prod"])
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def charts(name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]) -> Charts:
    """Add-on → its values, as rendered."""
    return {
        addon: one(argocd[name], "Application", names[name].application(addon))["spec"]["source"][
            "helm"
        ].get("valuesObject", {})
        for addon in MONITORING
    }


@pytest.fixture
def stack(charts: Charts) -> Values:
    return charts[Addon.PROMETHEUS_STACK]


@pytest.fixture
def names_here(name: str, names: dict[str, Names]) -> Names:
    return names[name]


@pytest.fixture
def parts(charts: Charts) -> dict[str, Values]:
    """The values of each kind of pod, by its place in monitoring."""
    stack = charts[Addon.PROMETHEUS_STACK]
    return {
        MonitoringPart.PROMETHEUS: stack["prometheus"]["prometheusSpec"],
        MonitoringPart.ALERTMANAGER: stack["alertmanager"]["alertmanagerSpec"],
        MonitoringPart.OPERATOR: stack["prometheusOperator"],
        MonitoringPart.GRAFANA: stack["grafana"],
        MonitoringPart.KUBE_STATE_METRICS: stack["kube-state-metrics"],
        MonitoringPart.ADAPTER: charts[Addon.PROMETHEUS_ADAPTER],
        MonitoringPart.REDIS_EXPORTER: charts[Addon.REDIS_EXPORTER],
        MonitoringPart.CLOUDWATCH_EXPORTER: charts[Addon.CLOUDWATCH_EXPORTER],
        NODE_EXPORTER: stack[NODE_EXPORTER],
    }


def leaves(values: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(values, list):
        for value in values:
            yield from leaves(value, path)
    else:
        yield path, values


def chart_of(addon: Addon, names: Names) -> AddonChart:
    (found,) = (chart for chart in installed_charts(names) if chart.addon is addon)
    return found


def test_definitions_come_from_their_own_chart_only(stack: Values) -> None:
    assert stack["crds"]["enabled"] is False


def test_everything_except_node_exporter_is_in_the_restricted_namespace(
    names_here: Names, stack: Values
) -> None:
    assert {chart_of(addon, names_here).namespace for addon in MONITORING} == {MONITORING_NAMESPACE}
    overrides = [value for path, value in leaves(stack) if path.endswith("namespaceOverride")]
    assert overrides == ["kube-system"]
    assert stack[NODE_EXPORTER]["namespaceOverride"] == "kube-system"
    # The chart's job that makes a folder Grafana's own would run as root.
    assert stack["grafana"]["initChownData"]["enabled"] is False


def test_components_that_eks_hides_are_neither_scraped_nor_alerted_about(stack: Values) -> None:
    for component in ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy"):
        assert stack[component]["enabled"] is False
    off = {rule for rule, on in stack["defaultRules"]["rules"].items() if on is False}
    assert off >= {
        "etcd",
        "kubeControllerManager",
        "kubeProxy",
        "kubeSchedulerAlerting",
        "kubeSchedulerRecording",
    }
    # Rules that work on EKS stay on.
    assert not off & {"alertmanager", "kubernetesApps", "kubernetesStorage", "node", "prometheus"}


def test_objects_without_helms_labels_are_found(stack: Values) -> None:
    prometheus = stack["prometheus"]["prometheusSpec"]
    for kind in ("podMonitor", "probe", "rule", "scrapeConfig", "serviceMonitor"):
        assert prometheus[f"{kind}SelectorNilUsesHelmValues"] is False


def test_nothing_changes_from_one_rendering_to_the_next(charts: Charts, stack: Values) -> None:
    """Certificates and passwords that a chart generates, and what hooks patch, are never in sync."""
    assert stack["prometheusOperator"]["admissionWebhooks"]["enabled"] is False
    assert stack["prometheusOperator"]["tls"]["enabled"] is False
    adapter = charts[Addon.PROMETHEUS_ADAPTER]
    assert adapter["tls"]["enable"] is False
    assert adapter["certManager"]["enabled"] is False
    # grafana/templates/_helpers.tpl generates a password unless the values refer to one.
    assert stack["grafana"]["admin"]["existingSecret"]


def test_prometheus_drops_old_days_before_its_volume_is_full(
    names_here: Names, stack: Values
) -> None:
    prometheus = stack["prometheus"]["prometheusSpec"]
    claim = prometheus["storageSpec"]["volumeClaimTemplate"]["spec"]
    size = int(claim["resources"]["requests"]["storage"].removesuffix("Gi"))
    kept = int(prometheus["retentionSize"].removesuffix("GiB"))

    assert 0.5 * size <= kept <= 0.85 * size
    assert prometheus["retention"] == f"{names_here.env.monitoring.prometheus_retention_days}d"


def claims_of_stateful_sets(values: object, path: str = "") -> Iterator[tuple[str, Values]]:
    """The parts of a chart's values that make a StatefulSet with claims."""
    if isinstance(values, Mapping):
        if any(
            "volumeClaimTemplate" in part for part in values.values() if isinstance(part, Mapping)
        ):
            yield path, dict(values)
        for key, value in values.items():
            yield from claims_of_stateful_sets(value, f"{path}.{key}")


def test_no_claim_is_deleted_with_its_stateful_set(
    name: str, argocd: dict[str, list[Manifest]]
) -> None:
    """The operator deletes and remakes the StatefulSet when the volume's size changes."""
    rendered = {
        application["metadata"]["name"]: application["spec"].get("source", {}).get("helm", {})
        for application in all_of(argocd[name], "Application")
    }
    found = list(claims_of_stateful_sets(rendered))
    assert [path.rpartition(".")[2] for path, _ in found] == ["prometheusSpec"]
    for path, values in found:
        policy = values["persistentVolumeClaimRetentionPolicy"]
        assert policy == {"whenDeleted": "Retain", "whenScaled": "Retain"}, path


def test_production_keeps_measuring_and_alerting_while_a_node_is_replaced(
    names_here: Names, stack: Values
) -> None:
    monitoring = names_here.env.monitoring
    for part, spec, replicas in (
        ("prometheus", "prometheusSpec", monitoring.prometheus_replicas),
        ("alertmanager", "alertmanagerSpec", monitoring.alertmanager_replicas),
    ):
        assert stack[part][spec]["replicas"] == replicas
        assert stack[part][spec]["podAntiAffinity"] == "hard"
        # One replica with a budget would stop every drain.
        assert stack[part]["podDisruptionBudget"]["enabled"] is (replicas > 1)
        assert replicas > 1 or names_here.env.name != "prod"


def test_the_adapters_api_is_served_while_a_node_is_replaced(
    names_here: Names, charts: Charts
) -> None:
    adapter = charts[Addon.PROMETHEUS_ADAPTER]
    assert adapter["replicas"] == names_here.env.controller_replicas
    assert adapter["podDisruptionBudget"]["enabled"] is (adapter["replicas"] > 1)


def test_every_container_has_requests_and_limits(parts: dict[str, Values], stack: Values) -> None:
    containers = [
        *parts.values(),
        stack["grafana"]["sidecar"],
        stack["prometheusOperator"]["prometheusConfigReloader"],
    ]
    for values in containers:
        for kind in ("requests", "limits"):
            assert values["resources"][kind].keys() == {"cpu", "memory"}


def test_only_node_exporter_runs_on_every_node(parts: dict[str, Values]) -> None:
    for part, values in parts.items():
        if part == NODE_EXPORTER:
            assert values["tolerations"] == [{"operator": "Exists"}]
            assert "nodeSelector" not in values
        else:
            assert values["nodeSelector"] == {NODE_POOL_LABEL: GENERAL_POOL}, part
            assert "tolerations" not in values, part


def test_every_pod_resolves_names_where_the_network_policies_allow_it(
    parts: dict[str, Values],
) -> None:
    """The cloudwatch exporter's chart is going to default to the node's resolver."""
    for part, values in parts.items():
        assert values.get("dnsPolicy", "ClusterFirst") == "ClusterFirst", part
    assert parts[MonitoringPart.CLOUDWATCH_EXPORTER]["dnsPolicy"] == "ClusterFirst"


def test_every_pod_has_the_label_that_the_network_policies_select(
    name: str, parts: dict[str, Values], manifests: dict[str, dict[App, list[Manifest]]]
) -> None:
    def labels(values: Values) -> Values:
        of_operator = values.get("podMetadata", {}).get("labels")
        found: Values = of_operator or values.get("podLabels") or values["labels"]
        return found

    policies = all_of(manifests[name][App.MONITORING], "NetworkPolicy")
    selected = [policy["spec"]["podSelector"].get("matchLabels") for policy in policies]
    for part in MonitoringPart:
        assert labels(parts[part]) == {MONITORING_LABEL: part}
        assert {MONITORING_LABEL: part} in selected


@pytest.mark.parametrize("secret", [Secret.GRAFANA_ADMIN, Secret.REDIS_METRICS_USER])
def test_passwords_come_from_secrets_that_the_operator_fills_with_these_keys(
    name: str,
    secret: Secret,
    charts: Charts,
    manifests: dict[str, dict[App, list[Manifest]]],
) -> None:
    admin = charts[Addon.PROMETHEUS_STACK]["grafana"]["admin"]
    redis = charts[Addon.REDIS_EXPORTER]["redisAddressConfig"]
    assert redis["enabled"] is redis["isSecret"] is True
    keys = {
        admin["existingSecret"]: {admin["userKey"], admin["passwordKey"]},
        redis["source"]["name"]: {redis["source"]["key"]},
    }
    target = one(manifests[name][App.MONITORING], "ExternalSecret", secret)["spec"]["target"]
    assert keys[target["name"]] == target["template"]["data"].keys()


def test_no_value_is_a_password(charts: Charts) -> None:
    for path, value in leaves(charts):
        if re.search(r"password", path, re.IGNORECASE):
            assert path.endswith("passwordKey"), f"{path}: {value}"


def test_grafana_has_no_anonymous_access_and_no_ingress(stack: Values) -> None:
    settings = stack["grafana"]["grafana.ini"]
    assert settings["auth.anonymous"]["enabled"] is False
    assert settings["users"]["allow_sign_up"] is False
    for path, value in leaves(stack):
        assert not path.endswith(".ingress.enabled") or value is False
        assert value not in ("LoadBalancer", "NodePort")


def test_grafana_has_no_volume_and_shows_the_config_maps_of_its_namespace(
    name: str, stack: Values, manifests: dict[str, dict[App, list[Manifest]]]
) -> None:
    grafana = stack["grafana"]
    assert grafana["persistence"]["enabled"] is False
    for kind in ("dashboards", "datasources"):
        assert grafana["sidecar"][kind]["resource"] == "configmap"
        assert grafana["sidecar"][kind]["searchNamespace"] == MONITORING_NAMESPACE
    assert grafana["rbac"]["namespaced"] is True
    one(manifests[name][App.MONITORING], "Role", grafana["rbac"]["useExistingRole"])


def test_grafanas_plugin_has_a_version_and_no_start_replaces_it(stack: Values) -> None:
    settings = stack["grafana"]["grafana.ini"]["plugins"]
    assert re.fullmatch(r"grafana-clickhouse-datasource@\d+\.\d+\.\d+", settings["preinstall"])
    assert settings["preinstall_auto_update"] is False


def test_grafana_starts_while_grafana_com_cannot_be_reached(stack: Values) -> None:
    """Grafana ends if a plugin cannot be fetched that it must have before it starts."""
    grafana = stack["grafana"]
    assert not grafana.get("plugins"), "the chart makes preinstall_sync of it"
    settings = grafana["grafana.ini"]["plugins"]
    assert "preinstall_sync" not in settings
    assert settings.get("preinstall_async", True) is True
    assert not [name for name in grafana["env"] if name.startswith("GF_")]


def test_grafanas_heap_leaves_memory_to_its_plugins(stack: Values) -> None:
    """The chart sets GOMEMLIMIT to the whole limit; the API server refuses a second one."""
    variables = stack["grafana"]["env"]
    assert "GOMEMLIMIT" not in variables
    assert 0 < int(variables["GOGC"]) <= 50
    reported_mib, plugins_mib = 1024, 512
    limit = stack["grafana"]["resources"]["limits"]["memory"]
    assert int(limit.removesuffix("Mi")) >= reported_mib + plugins_mib


def test_kube_state_metrics_lists_no_secret(stack: Values) -> None:
    assert not {"secrets", "configmaps"} & set(stack["kube-state-metrics"]["collectors"])


def test_the_jobs_that_wait_or_run_are_a_metric_for_autoscalers(charts: Charts) -> None:
    flag = charts[Addon.REDIS_EXPORTER]["extraArgs"]["check-single-keys"]
    assert flag == f"db0={REDIS_QUEUE_KEY}"
    rules = charts[Addon.PROMETHEUS_ADAPTER]["rules"]
    assert rules["default"] is False
    (rule,) = rules["external"]
    assert rule["name"] == {"as": QUEUE_METRIC}
    assert f'key="{REDIS_QUEUE_KEY}"' in rule["seriesQuery"]
    assert f'key="{REDIS_QUEUE_KEY}"' in rule["metricsQuery"]
    assert "sum(eval_jobs_in_progress" in rule["metricsQuery"]


def test_the_adapter_queries_the_prometheus_of_the_stack(charts: Charts) -> None:
    prometheus = charts[Addon.PROMETHEUS_ADAPTER]["prometheus"]
    # <release>-prometheus, as the stack's name starts with the chart's own.
    assert prometheus["url"] == "http://kube-prometheus-stack-prometheus.monitoring.svc"
    assert prometheus["port"] == 9090


def test_redis_exporter_is_found_by_prometheus(charts: Charts) -> None:
    assert charts[Addon.REDIS_EXPORTER]["serviceMonitor"]["enabled"] is True


def test_a_person_confirms_the_removal_of_volumes_and_definitions(
    names_here: Names,
) -> None:
    for addon in MONITORING:
        holds = addon in (Addon.PROMETHEUS_STACK, Addon.PROMETHEUS_CRDS)
        assert chart_of(addon, names_here).holds_data is holds
