"""The observation plane is synced, into its namespace and with its kinds only."""

import pytest

from environments.names import MONITORING_NAMESPACE, Names
from environments.registry import ENVIRONMENTS
from tests.support.manifests import Manifest, one

EACH_NAME = pytest.mark.parametrize("name", [env.name for env in ENVIRONMENTS])


def _group(manifest: Manifest) -> str:
    group: str = manifest["apiVersion"].rpartition("/")[0]
    return group


@EACH_NAME
def test_the_project_permits_exactly_the_kinds_that_are_rendered(
    name: str,
    argocd: dict[str, list[Manifest]],
    observation: dict[str, list[Manifest]],
    names: dict[str, Names],
) -> None:
    spec = one(argocd[name], "AppProject", names[name].argocd_dashboards)["spec"]

    allowed = {(kind["group"], kind["kind"]) for kind in spec["namespaceResourceWhitelist"]}

    assert allowed == {(_group(manifest), manifest["kind"]) for manifest in observation[name]}
    assert spec["clusterResourceWhitelist"] == []
    assert [one["namespace"] for one in spec["destinations"]] == [MONITORING_NAMESPACE]


@EACH_NAME
def test_the_application_syncs_the_planes_folder_just_before_the_root(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    def wave(application: Manifest) -> int:
        return int(application["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])

    application = one(argocd[name], "Application", names[name].argocd_dashboards)
    waves = sorted(
        {wave(one) for one in argocd[name] if one["kind"] == "Application"}, reverse=True
    )

    assert application["spec"]["source"]["path"] == f"rendered/{name}/dashboards"
    assert application["spec"]["project"] == names[name].argocd_dashboards
    assert wave(application) == waves[1]
