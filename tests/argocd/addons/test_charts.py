"""Each add-on's chart, version and values match the cluster and its AWS resources."""

import dataclasses
from collections.abc import Mapping

import pytest

import environments.names
from argocd.addons.chart import AddonChart
from argocd.addons.installed import installed_charts
from argocd.app import build
from environments.catalog import ADDON_SETS
from environments.names import (
    EBS_CSI_CONTROLLER,
    GENERAL_POOL,
    NODE_POOL_LABEL,
    VPC_CNI,
    Addon,
    Names,
    ServiceAccount,
    Stack,
)
from tests.support.manifests import Manifest, all_of, one
from tests.support.terraform import Terraform

ENVIRONMENTS = pytest.mark.parametrize("name", ["dev", "prod"])
CONTROLLERS = (
    Addon.EXTERNAL_SECRETS,
    Addon.LOAD_BALANCER_CONTROLLER,
    Addon.CLUSTER_AUTOSCALER,
)


def chart_of(addon: Addon, names: Names) -> AddonChart:
    (found,) = (chart for chart in installed_charts(names) if chart.addon is addon)
    return found


def value(values: object, path: str) -> object:
    for key in path.split("."):
        assert isinstance(values, Mapping), f"{path}: nothing below"
        values = values[key]
    return values


@ENVIRONMENTS
def test_every_application_has_the_version_of_the_environments_set(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    charts = ADDON_SETS[names[name].env.addon_set].charts
    for chart in installed_charts(names[name]):
        application = one(argocd[name], "Application", names[name].application(chart.addon))
        source = application["spec"]["source"]
        assert source["targetRevision"] == charts[chart.addon].version
        assert source["repoURL"] == charts[chart.addon].repository_url
        # Charts name their objects after Helm's release, and other objects refer to these names.
        assert source["chart"] == source["helm"]["releaseName"] == chart.addon


@ENVIRONMENTS
def test_no_addon_is_listed_twice(name: str, names: dict[str, Names]) -> None:
    addons = [chart.addon for chart in installed_charts(names[name])]
    assert len(addons) == len(set(addons))


@ENVIRONMENTS
@pytest.mark.parametrize("addon", [*CONTROLLERS, Addon.METRICS_SERVER])
def test_controllers_run_on_the_general_pool(
    name: str, addon: Addon, names: dict[str, Names]
) -> None:
    values = chart_of(addon, names[name]).values
    assert values["nodeSelector"] == {NODE_POOL_LABEL: GENERAL_POOL}


@ENVIRONMENTS
@pytest.mark.parametrize("addon", CONTROLLERS)
def test_controllers_have_the_environments_number_of_replicas_and_survive_a_drain(
    name: str, addon: Addon, names: dict[str, Names]
) -> None:
    values = chart_of(addon, names[name]).values
    replicas = names[name].env.controller_replicas
    assert values["replicaCount"] == replicas
    budget = values["podDisruptionBudget"]
    assert isinstance(budget, dict)
    if "minAvailable" in budget:  # then a single replica would hold up every drain
        assert budget["enabled"] == (replicas > budget["minAvailable"])
    else:
        assert budget == {"maxUnavailable": 1}


@ENVIRONMENTS
def test_metrics_server_always_has_two_replicas_and_a_drain_evicts_one(
    name: str, names: dict[str, Names]
) -> None:
    values = chart_of(Addon.METRICS_SERVER, names[name]).values
    assert values["replicas"] == 2
    assert values["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
    assert "insecure" not in str(values), "kubelets' certificates are checked"


@ENVIRONMENTS
def test_the_autoscaler_is_of_the_clusters_minor(name: str, names: dict[str, Names]) -> None:
    tag = value(chart_of(Addon.CLUSTER_AUTOSCALER, names[name]).values, "image.tag")
    assert str(tag).startswith(f"v{names[name].env.cluster.kubernetes_version}.")


@ENVIRONMENTS
def test_the_autoscaler_discovers_both_node_groups_by_their_tags(
    name: str,
    names: dict[str, Names],
    terraform: dict[str, dict[Stack, Terraform]],
) -> None:
    tags = value(chart_of(Addon.CLUSTER_AUTOSCALER, names[name]).values, "autoDiscovery.tags")
    assert isinstance(tags, list)
    found: dict[str, set[str]] = {}
    for tag in terraform[name][Stack.CLUSTER].resources("aws_autoscaling_group_tag").values():
        found.setdefault(tag["autoscaling_group_name"], set()).add(tag["tag"]["key"])
    assert len(found) == 2
    for keys in found.values():
        assert keys >= set(tags)


@ENVIRONMENTS
def test_the_autoscaler_removes_nodes_whose_pods_only_have_scratch_space(
    name: str, names: dict[str, Names]
) -> None:
    arguments = value(chart_of(Addon.CLUSTER_AUTOSCALER, names[name]).values, "extraArgs")
    assert isinstance(arguments, dict)
    assert arguments["skip-nodes-with-local-storage"] is False
    assert arguments["skip-nodes-with-system-pods"] is False


@ENVIRONMENTS
def test_the_load_balancer_controller_finds_its_vpc_by_name(
    name: str,
    names: dict[str, Names],
    terraform: dict[str, dict[Stack, Terraform]],
) -> None:
    values = chart_of(Addon.LOAD_BALANCER_CONTROLLER, names[name]).values
    (vpc,) = terraform[name][Stack.NETWORK].resources("aws_vpc").values()
    assert values["vpcTags"] == {"Name": vpc["tags"]["Name"]}
    assert values["region"] == names[name].env.account.region
    assert values["clusterName"] == names[name].cluster
    assert "vpcId" not in values


@ENVIRONMENTS
def test_no_service_needs_the_load_balancer_controller(name: str, names: dict[str, Names]) -> None:
    """While it is down, its Service webhook would refuse every Service of every other add-on."""
    values = chart_of(Addon.LOAD_BALANCER_CONTROLLER, names[name]).values
    assert values["enableServiceMutatorWebhook"] is False


@ENVIRONMENTS
def test_no_terraform_token_reaches_an_addon(name: str, names: dict[str, Names]) -> None:
    for chart in installed_charts(names[name]):
        assert "${" not in str(chart.values)
        assert "TfToken" not in str(chart.values)


# EKS' own add-ons make these.
EKS_SERVICE_ACCOUNTS = {EBS_CSI_CONTROLLER, VPC_CNI}


def named_service_accounts(values: object) -> set[str]:
    """The service accounts that a chart's values give a name."""
    if not isinstance(values, Mapping):
        return set()
    found = set().union(*(named_service_accounts(part) for part in values.values()))
    account = values.get("serviceAccount")
    if isinstance(account, Mapping) and account.get("create") is True and "name" in account:
        found.add(str(account["name"]))
    return found


@ENVIRONMENTS
def test_every_service_account_with_an_aws_role_exists_and_every_one_that_needs_a_role_has_it(
    name: str,
    names: dict[str, Names],
    manifests: dict[str, dict[str, list[Manifest]]],
    terraform: dict[str, dict[Stack, Terraform]],
) -> None:
    with_role = {
        ServiceAccount(association["namespace"], association["service_account"])
        for association in terraform[name][Stack.CLUSTER]
        .resources("aws_eks_pod_identity_association")
        .values()
    }
    of_charts = {
        ServiceAccount(chart.namespace, account)
        for chart in installed_charts(names[name])
        for account in named_service_accounts(chart.values)
    }
    of_apps = {
        ServiceAccount(account["metadata"]["namespace"], account["metadata"]["name"])
        for objects in manifests[name].values()
        for account in all_of(objects, "ServiceAccount")
    }
    assert with_role <= EKS_SERVICE_ACCOUNTS | of_charts | of_apps
    needing_a_role = {v for v in vars(environments.names).values() if isinstance(v, ServiceAccount)}
    assert with_role == needing_a_role
    assert len(with_role) > 5


@ENVIRONMENTS
def test_external_secrets_does_not_process_unused_kinds(name: str, names: dict[str, Names]) -> None:
    """The chart refuses to process a kind whose CRD it does not install."""
    values = chart_of(Addon.EXTERNAL_SECRETS, names[name]).values
    crds = values["crds"]
    assert isinstance(crds, dict)
    without = {key.removeprefix("create") for key, made in crds.items() if made is False}
    processed = {"ClusterSecretStore": "processClusterStore"}
    for kind in without:
        assert values[processed.get(kind, f"process{kind}")] is False
    assert not without & {"SecretStore", "ExternalSecret"}


def test_an_addon_that_is_not_in_the_set_is_refused_with_where_to_add_it(
    monkeypatch: pytest.MonkeyPatch, names: dict[str, Names]
) -> None:
    known = ADDON_SETS[names["dev"].env.addon_set]
    charts = {addon: chart for addon, chart in known.charts.items() if addon != "metrics-server"}
    monkeypatch.setitem(
        ADDON_SETS, names["dev"].env.addon_set, dataclasses.replace(known, charts=charts)
    )

    with pytest.raises(ValueError, match=r"no chart for .*metrics-server.*environments/catalog.py"):
        build(names["dev"].env)
