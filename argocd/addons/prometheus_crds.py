"""The Prometheus operator's definitions, before anything that uses one of their kinds.

A chart of their own: kube-prometheus-stack's would come in the same sync as objects of these kinds,
and long after the first apps that want to be scraped. The add-on set pairs its version with the
operator's.

Value keys: `charts/prometheus-operator-crds/values.yaml` of prometheus-community/helm-charts.
"""

from argocd.addons.release import Release
from argocd.addons.values import CONFIRMED_REMOVAL
from environments.names import MONITORING_NAMESPACE, Addon, Names


def release(_: Names) -> Release:
    return Release(
        addon=Addon.PROMETHEUS_CRDS,
        namespace=MONITORING_NAMESPACE,  # of Argo CD's making only: definitions are in none
        values={"crds": {"annotations": CONFIRMED_REMOVAL}},
        holds_data=True,  # with a definition go all rules, monitors and Prometheus itself
    )
