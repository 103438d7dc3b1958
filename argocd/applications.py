"""One Application per app of the Kubernetes plane, in sync order."""

import constructs

from argocd.resources import Application, IgnoredField
from environments.names import NAMESPACE, App, Names

WAVES = {app: wave for wave, app in enumerate(App)}

# Apps with objects whose CRD an add-on installs: on a new cluster the dry run of the first sync
# does not know the kind yet.
_WITH_CUSTOM_RESOURCES = frozenset({App.SECRETS})

_IGNORED_FIELDS: dict[App, tuple[IgnoredField, ...]] = {
    # The HorizontalPodAutoscaler owns the number of workers. The manifest sets none; this keeps the
    # peace if one gets in, and keeps self-heal from undoing a scaling.
    App.WORKER: (
        IgnoredField(
            group="apps", kind="Deployment", name=App.WORKER, json_pointer="/spec/replicas"
        ),
    ),
}

# Pruning this Application would delete the namespace with everything in it: a person confirms.
_CONFIRMED_BEFORE_PRUNE = frozenset({App.NAMESPACE})


def application(scope: constructs.Construct, app: App, *, names: Names) -> Application:
    """Syncs one app's folder into the platform's namespace."""
    custom_resources = app in _WITH_CUSTOM_RESOURCES
    confirmed = app in _CONFIRMED_BEFORE_PRUNE
    return Application(
        scope,
        f"{app}-application",
        name=names.application(app),
        project=names.argocd_project,
        repository=names.env.repository,
        path=names.app_folder(app),
        namespace=NAMESPACE,
        wave=WAVES[app],
        ignored_fields=_IGNORED_FIELDS.get(app, ()),
        extra_sync_options=("SkipDryRunOnMissingResource=true",) if custom_resources else (),
        own_sync_options=("Prune=confirm",) if confirmed else (),
    )
