"""One Application per app of the Kubernetes plane, and the AppProject that bounds them."""

import constructs

from argocd.ignored_fields import IGNORED_FIELDS
from argocd.parts.app_project import AppProject, ResourceKind
from argocd.parts.application import CONFIRMED, Application, Folder
from argocd.waves import wave_of
from environments.names import (
    DEFAULT_STORAGE_CLASS,
    EXTERNAL_SECRETS,
    MONITORING_NAMESPACE,
    NAMESPACE,
    App,
    Names,
    namespace_of,
)

CLUSTER_KINDS = (
    *(
        ResourceKind(group="", kind="Namespace", name=name)
        for name in (NAMESPACE, EXTERNAL_SECRETS.namespace, MONITORING_NAMESPACE)
    ),
    ResourceKind(group="storage.k8s.io", kind="StorageClass", name=DEFAULT_STORAGE_CLASS),
)
NAMESPACES = tuple(sorted({namespace_of(app) for app in App}))

# Exactly the kinds that the Kubernetes plane renders; a test compares. Kinds that controllers make
# (ReplicaSets, Pods, Secrets) need not be listed, and must not be: a listed kind may come from Git.
# Therefore Argo CD's tree view does not show them.
NAMESPACED_KINDS = (
    ResourceKind(group="", kind="ConfigMap"),
    ResourceKind(group="", kind="LimitRange"),
    ResourceKind(group="", kind="ResourceQuota"),
    ResourceKind(group="", kind="Service"),
    ResourceKind(group="", kind="ServiceAccount"),
    ResourceKind(group="apps", kind="Deployment"),
    ResourceKind(group="autoscaling", kind="HorizontalPodAutoscaler"),
    ResourceKind(group="batch", kind="Job"),
    ResourceKind(group="external-secrets.io", kind="ExternalSecret"),
    ResourceKind(group="external-secrets.io", kind="SecretStore"),
    ResourceKind(group="monitoring.coreos.com", kind="PodMonitor"),
    ResourceKind(group="monitoring.coreos.com", kind="ScrapeConfig"),
    ResourceKind(group="networking.k8s.io", kind="Ingress"),
    ResourceKind(group="networking.k8s.io", kind="NetworkPolicy"),
    ResourceKind(group="policy", kind="PodDisruptionBudget"),
    # A Role grants nothing without a RoleBinding, and this project may not sync one.
    ResourceKind(group="rbac.authorization.k8s.io", kind="Role"),
)

# Apps with objects whose CRD an add-on installs: on a new cluster the dry run of the first sync
# would fail at an unknown kind.
_WITH_CUSTOM_RESOURCES = frozenset({App.SECRETS, App.MONITORING})

# Pruning these Applications would delete namespaces with everything in them: a person confirms.
_WITH_NAMESPACES = frozenset({App.FOUNDATION, App.NAMESPACE, App.MONITORING})


def platform_project(scope: constructs.Construct, *, names: Names) -> AppProject:
    """The project of every app of the platform: their namespaces and kinds only."""
    return AppProject(
        scope,
        "platform-project",
        names=names,
        name=names.argocd_project,
        description=f"The apps of {names.prefix}, into {', '.join(NAMESPACES)} only",
        namespaces=NAMESPACES,
        cluster_kinds=CLUSTER_KINDS,
        namespaced_kinds=NAMESPACED_KINDS,
        warn_of_orphans=True,  # Argo CD shows objects of a namespace that are not in Git
    )


def platform_application(scope: constructs.Construct, app: App, *, names: Names) -> Application:
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
