"""The Prometheus operator's CRDs, which are synced before any object of their kinds.

They have their own chart: kube-prometheus-stack would bring them in the same sync as objects of these
kinds, and long after the first apps that have a monitor. The add-on set pairs its version with the
operator's.

Value keys: `charts/prometheus-operator-crds/values.yaml` of prometheus-community/helm-charts.
"""

from argocd.addons.chart import AddonChart
from argocd.addons.values import CONFIRMED_REMOVAL
from environments.names import MONITORING_NAMESPACE, Addon, Names


def chart(_: Names) -> AddonChart:
    return AddonChart(
        addon=Addon.PROMETHEUS_CRDS,
        namespace=MONITORING_NAMESPACE,  # required by Argo CD; CRDs have no namespace
        values={"crds": {"annotations": CONFIRMED_REMOVAL}},
        holds_data=True,  # deleting the CRDs deletes all rules, monitors and Prometheus itself
    )
