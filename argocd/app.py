"""Every Argo CD object of one environment."""

import cdk8s

from argocd.addons.applications import addon_application, addons_project
from argocd.addons.installed import installed_charts
from argocd.dashboards import dashboards_application, dashboards_project
from argocd.platform_apps import platform_application, platform_project
from argocd.previews import previews_application_set, previews_project
from argocd.root import root_application, root_project
from argocd.self_managed import installation_application, installation_project
from argocd.waves import DASHBOARDS, FIRST, LAST
from environments.names import ARGOCD_NAMESPACE, App, Names
from environments.spec import Environment

Manifest = dict[str, object]


def build(env: Environment) -> list[Manifest]:
    """The projects, the root Application, and one Application per app and add-on."""
    names = Names(env)
    charts = installed_charts(names)
    chart = cdk8s.Chart(
        cdk8s.App(),
        "argocd",
        namespace=ARGOCD_NAMESPACE,
        labels=names.labels("argocd"),
        disable_resource_name_hashes=True,
    )
    root_project(chart, names=names)
    installation_project(chart, names=names)
    platform_project(chart, names=names)
    installation_application(chart, names=names, wave=FIRST)
    addons_project(chart, charts, names=names)
    dashboards_project(chart, names=names)
    for app in App:
        platform_application(chart, app, names=names)
    for addon in charts:
        addon_application(chart, addon, names=names)
    dashboards_application(chart, names=names, wave=DASHBOARDS)
    if env.previews is not None:
        previews_project(chart, names=names)
        # In the last wave: if GitHub is down, the platform is still synced.
        previews_application_set(chart, env.previews, names=names, wave=LAST)
    root_application(chart, names=names, wave=LAST)
    manifests: list[Manifest] = chart.to_json()
    return manifests
