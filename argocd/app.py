"""Every Argo CD object of one environment."""

import cdk8s

from argocd.applications import WAVES, application
from argocd.project import platform_project
from argocd.root import root_application, root_project
from environments.names import ARGOCD_NAMESPACE, App, Names
from environments.spec import Environment

Manifest = dict[str, object]


def build(env: Environment) -> list[Manifest]:
    """The projects, the root Application and one Application per app."""
    names = Names(env)
    chart = cdk8s.Chart(
        cdk8s.App(),
        "argocd",
        namespace=ARGOCD_NAMESPACE,
        labels=names.labels("argocd"),
        disable_resource_name_hashes=True,
    )
    root_project(chart, names=names)
    platform_project(chart, names=names)
    for app in App:
        application(chart, app, names=names)
    # Last: the root Application is healthy only when all others are, and would wait for itself.
    root_application(chart, names=names, wave=len(WAVES))
    manifests: list[Manifest] = chart.to_json()
    return manifests
