"""Monitoring's namespace: it denies all traffic, except what monitoring needs."""

import re
from ipaddress import IPv4Network

import pytest

from environments.names import (
    ALERTMANAGER_CLUSTER_PORT,
    CLICKHOUSE_HTTPS_PORT,
    GRAFANA_SIDECAR_ROLE,
    METRICS_PORT,
    MONITORING_LABEL,
    MONITORING_NAMESPACE,
    NAMESPACE,
    ORCHESTRATOR_PORT,
    POSTGRES_PORT,
    REDIS_PORT,
    SERVICE_CIDR,
    App,
    MonitoringPart,
    Names,
)
from environments.registry import ENVIRONMENTS
from telemetry.contract import METRICS, Emitter
from tests.support.manifests import Manifest, one
from tests.support.network_policies import Policies
from tests.support.services import ALERTMANAGER, API, DNS, PROMETHEUS, Service

ENVIRONMENT_NAMES = [env.name for env in ENVIRONMENTS]
SLACK = "3.125.7.192"
POD_IDENTITY_AGENT = "169.254.170.23"
API_SERVER = str(IPv4Network(SERVICE_CIDR)[1])

Manifests = dict[str, dict[App, list[Manifest]]]
PartPolicies = Policies[str]


@pytest.fixture(params=ENVIRONMENT_NAMES)
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def objects(name: str, manifests: Manifests) -> list[Manifest]:
    return manifests[name][App.MONITORING]


@pytest.fixture
def neighbour(subnets: dict[str, list[str]]) -> str:
    """An address in a private subnet: a node's, a pod's or the API server's."""
    return subnets["private"][0]


@pytest.fixture
def policies(objects: list[Manifest]) -> PartPolicies:
    return Policies(
        objects, namespace=MONITORING_NAMESPACE, labels_of=lambda part: {MONITORING_LABEL: part}
    )


def test_the_namespace_takes_only_restricted_pods(objects: list[Manifest]) -> None:
    labels = one(objects, "Namespace", MONITORING_NAMESPACE)["metadata"]["labels"]

    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_everything_is_in_the_namespace(objects: list[Manifest]) -> None:
    assert {m["metadata"].get("namespace") for m in objects if m["kind"] != "Namespace"} == {
        MONITORING_NAMESPACE
    }


def test_the_quota_has_room_for_prometheus_volumes_and_no_exposed_service(
    name: str, objects: list[Manifest]
) -> None:
    (monitoring,) = (env.monitoring for env in ENVIRONMENTS if env.name == name)
    hard = one(objects, "ResourceQuota")["spec"]["hard"]

    volumes = monitoring.prometheus_replicas
    assert hard["persistentvolumeclaims"] == str(volumes)
    assert hard["requests.storage"] == f"{volumes * monitoring.prometheus_storage_gib}Gi"
    assert hard["services.loadbalancers"] == hard["services.nodeports"] == "0"


def test_a_pod_of_no_part_has_no_connections(policies: PartPolicies, neighbour: str) -> None:
    for port in (443, REDIS_PORT, METRICS_PORT):
        assert not policies.to_address("", neighbour, port)
        assert not policies.to_address("", SLACK, port)
        assert not policies.from_address("", neighbour, port)
        for part in MonitoringPart:
            assert not policies.between(part, "", port)
            assert not policies.between("", part, port)


def test_prometheus_reaches_every_part_on_its_metrics_port(policies: PartPolicies) -> None:
    metrics_ports = {
        MonitoringPart.PROMETHEUS: (9090, 8080),
        MonitoringPart.ALERTMANAGER: (9093, 8080),
        MonitoringPart.OPERATOR: (8080,),
        MonitoringPart.GRAFANA: (3000,),
        MonitoringPart.KUBE_STATE_METRICS: (8080,),
        MonitoringPart.REDIS_EXPORTER: (9121,),
        MonitoringPart.CLOUDWATCH_EXPORTER: (5000,),
    }
    for part, ports in metrics_ports.items():
        for port in ports:
            assert policies.between(MonitoringPart.PROMETHEUS, part, port), part


def test_prometheus_reaches_nodes_and_pods_of_other_namespaces(
    policies: PartPolicies, neighbour: str
) -> None:
    prometheus = MonitoringPart.PROMETHEUS
    for port in (9100, 10250, CLICKHOUSE_HTTPS_PORT):  # node-exporter, kubelet, ClickHouse's nodes
        assert policies.to_address(prometheus, neighbour, port)
    assert policies.to_pods_of(prometheus, NAMESPACE, METRICS_PORT)
    assert not policies.to_address(prometheus, neighbour, REDIS_PORT)
    assert not policies.to_address(prometheus, SLACK, 443)


def test_prometheus_reaches_no_port_without_metrics(policies: PartPolicies) -> None:
    prometheus = MonitoringPart.PROMETHEUS
    for port in (22, 443, ORCHESTRATOR_PORT, 8081, REDIS_PORT, 10250):
        for namespace in (NAMESPACE, "kube-system", "argocd", "external-secrets"):
            assert not policies.to_pods_of(prometheus, namespace, port)
    for port in (22, 443, 3000, 6443, ALERTMANAGER_CLUSTER_PORT):
        for part in set(MonitoringPart) - {MonitoringPart.GRAFANA}:
            assert not policies.between(prometheus, part, port), part


def test_prometheus_reaches_the_dns_servers_metrics(objects: list[Manifest]) -> None:
    egress = one(objects, "NetworkPolicy", MonitoringPart.PROMETHEUS)["spec"]["egress"]
    dns = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    assert {"to": [dns], "ports": [{"port": 9153, "protocol": "TCP"}]} in egress


@pytest.mark.parametrize(
    ("service", "port", "clients"),
    [
        (PROMETHEUS, 9090, {MonitoringPart.GRAFANA, MonitoringPart.ADAPTER}),
        (ALERTMANAGER, 9093, {MonitoringPart.GRAFANA}),
        (
            API,
            443,
            {
                MonitoringPart.PROMETHEUS,
                MonitoringPart.GRAFANA,
                MonitoringPart.OPERATOR,
                MonitoringPart.KUBE_STATE_METRICS,
                MonitoringPart.ADAPTER,
            },
        ),
        (DNS, 53, set(MonitoringPart)),
    ],
    ids=lambda value: value.name if isinstance(value, Service) else "",
)
def test_each_service_is_reached_by_its_clients_and_by_no_other_part(
    policies: PartPolicies, service: Service, port: int, clients: set[MonitoringPart]
) -> None:
    protocol = "UDP" if service is DNS else "TCP"
    reached = {
        part for part in MonitoringPart if policies.to_service(part, service, port, protocol)
    }
    assert reached == clients


def test_no_part_reaches_another_service_on_the_api_servers_port(policies: PartPolicies) -> None:
    webhook = Service(
        name="some-webhook", namespace="kube-system", selector={"app": "x"}, ports={443: 9443}
    )
    assert not any(policies.to_service(part, webhook, 443) for part in MonitoringPart)


def test_grafana_reads_metrics_and_results_and_no_other_store(
    policies: PartPolicies, neighbour: str
) -> None:
    grafana = MonitoringPart.GRAFANA
    assert policies.between(grafana, MonitoringPart.PROMETHEUS, 9090)
    assert policies.between(grafana, MonitoringPart.ALERTMANAGER, 9093)
    assert policies.to_address(grafana, neighbour, CLICKHOUSE_HTTPS_PORT)
    assert policies.to_address(grafana, SLACK, 443), "its plugin comes from the internet"
    for port in (POSTGRES_PORT, REDIS_PORT):
        assert not policies.to_address(grafana, neighbour, port)


def test_alertmanagers_reach_each_other_and_slack(policies: PartPolicies, neighbour: str) -> None:
    alertmanager = MonitoringPart.ALERTMANAGER
    for protocol in ("TCP", "UDP"):
        assert policies.between(alertmanager, alertmanager, 9094, protocol)
    assert policies.to_address(alertmanager, SLACK, 443)
    for port in (443, CLICKHOUSE_HTTPS_PORT):
        assert not policies.to_address(alertmanager, neighbour, port)


def test_only_the_exporter_reaches_the_queue(
    policies: PartPolicies, subnets: dict[str, list[str]]
) -> None:
    for tier, addresses in subnets.items():
        clients = {MonitoringPart.REDIS_EXPORTER} if tier == "data" else set()
        for address in addresses:
            assert {
                part for part in MonitoringPart if policies.to_address(part, address, REDIS_PORT)
            } == clients


def test_clickhouse_is_reached_in_its_subnets_only(
    policies: PartPolicies, subnets: dict[str, list[str]]
) -> None:
    for tier, addresses in subnets.items():
        for part in (MonitoringPart.PROMETHEUS, MonitoringPart.GRAFANA):
            for address in addresses:
                reached = policies.to_address(part, address, CLICKHOUSE_HTTPS_PORT)
                assert reached is (tier == "private")


def test_the_cloudwatch_exporter_gets_aws_credentials_and_reaches_aws_alone(
    policies: PartPolicies, neighbour: str
) -> None:
    exporter = MonitoringPart.CLOUDWATCH_EXPORTER
    assert policies.to_address(exporter, POD_IDENTITY_AGENT, 80)
    assert policies.to_address(exporter, SLACK, 443), "CloudWatch has addresses of the internet"
    assert policies.to_address(exporter, neighbour, 443), "and some of AWS is in the VPC"
    for port in (REDIS_PORT, POSTGRES_PORT, CLICKHOUSE_HTTPS_PORT):
        assert not policies.to_address(exporter, neighbour, port)


def test_parts_that_use_the_api_server_reach_it(policies: PartPolicies, neighbour: str) -> None:
    clients = {
        MonitoringPart.PROMETHEUS,
        MonitoringPart.GRAFANA,
        MonitoringPart.OPERATOR,
        MonitoringPart.KUBE_STATE_METRICS,
        MonitoringPart.ADAPTER,
    }
    # Endpoints of AWS are in the VPC, too.
    in_vpc = clients | {MonitoringPart.CLOUDWATCH_EXPORTER}
    for address, allowed in ((API_SERVER, clients), (neighbour, in_vpc)):
        assert {
            part for part in MonitoringPart if policies.to_address(part, address, 443)
        } == allowed


def test_the_api_server_reaches_the_adapter_and_no_other_part(
    policies: PartPolicies, neighbour: str
) -> None:
    assert policies.from_address(MonitoringPart.ADAPTER, neighbour, 6443)
    for part in set(MonitoringPart) - {MonitoringPart.ADAPTER}:
        for port in (443, 3000, 6443, 8080, 9090, 9093, 9121):
            assert not policies.from_address(part, neighbour, port)


def test_each_pod_of_the_programs_is_scraped_on_its_metrics_port(
    name: str, manifests: Manifests
) -> None:
    spec = one(manifests[name][App.MONITORING], "PodMonitor")["spec"]
    (endpoint,) = spec["podMetricsEndpoints"]
    (expression,) = spec["selector"]["matchExpressions"]

    assert spec["namespaceSelector"] == {"matchNames": [NAMESPACE]}
    for app in (App.ORCHESTRATOR, App.WORKER):
        template = one(manifests[name][app], "Deployment")["spec"]["template"]
        assert template["metadata"]["labels"][expression["key"]] in expression["values"]
        (port,) = (
            port["containerPort"]
            for container in template["spec"]["containers"]
            for port in container["ports"]
            if port["name"] == endpoint["port"]
        )
        assert port == METRICS_PORT


def test_each_clickhouse_node_is_scraped_over_tls_for_the_metrics_of_the_contract(
    name: str, manifests: Manifests, names: dict[str, Names]
) -> None:
    objects = manifests[name][App.MONITORING]
    spec = one(objects, "ScrapeConfig", Emitter.CLICKHOUSE)["spec"]
    (static,) = spec["staticConfigs"]
    (instance,) = spec["relabelings"]
    (keep,) = spec["metricRelabelings"]

    assert spec["jobName"] == Emitter.CLICKHOUSE
    assert spec["scheme"] == "HTTPS"
    assert [re.sub(instance["regex"], r"\1", target) for target in static["targets"]] == list(
        names[name].clickhouse_hosts
    )
    ca = spec["tlsConfig"]["ca"]["secret"]
    external = one(objects, "ExternalSecret", ca["name"])["spec"]
    assert ca["key"] in external["target"]["template"]["data"]
    kept = {
        metric.name
        for metric in METRICS
        if metric.emitter is Emitter.CLICKHOUSE and re.fullmatch(keep["regex"], metric.name)
    }
    assert len(kept) > 3
    assert not re.fullmatch(keep["regex"], "ClickHouseProfileEvents_Query")


def test_the_sidecars_read_config_maps_and_no_secret(objects: list[Manifest]) -> None:
    (rule,) = one(objects, "Role", GRAFANA_SIDECAR_ROLE)["rules"]

    assert rule["resources"] == ["configmaps"]
    assert set(rule["verbs"]) == {"get", "list", "watch"}
