"""One Application per app of the Kubernetes plane, in sync order."""

import constructs

from argocd.ignored_fields import IGNORED_FIELDS
from argocd.resources import CONFIRMED, Application, Folder
from argocd.waves import wave_of
from environments.names import App, Names, namespace_of

# Apps with objects whose CRD an add-on installs: on a new cluster the dry run of the first sync
# does not know the kind yet.
_WITH_CUSTOM_RESOURCES = frozenset({App.SECRETS, App.MONITORING})

# Pruning these Applications would delete namespaces with everything in them: a person confirms.
_WITH_NAMESPACES = frozenset({App.FOUNDATION, App.NAMESPACE, App.MONITORING})


def application(scope: constructs.Construct, app: App, *, names: Names) -> Application:
    """Syncs one app's folder into the app's namespace."""
    custom_resources = app in _WITH_CUSTOM_RESOURCES
    return Application(
        scope,
        f"{app}-application",
        name=names.application(app),
        project=names.argocd_project,
        source=Folder(repository=names.env.repository, path=names.app_folder(app)),
        namespace=namespace_of(app),
        wave=wave_of(app),
        ignored_fields=IGNORED_FIELDS.get(app, ()),
        extra_sync_options=("SkipDryRunOnMissingResource=true",) if custom_resources else (),
        own_sync_options=CONFIRMED if app in _WITH_NAMESPACES else (),
    )
