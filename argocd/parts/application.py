"""Argo CD's Application and its sources, with the settings that all of ours have in common."""

from collections.abc import Mapping
from dataclasses import dataclass

import constructs

from bindings.custom_resource import CustomResource
from environments.spec import Repository

API_VERSION = "argoproj.io/v1alpha1"
IN_CLUSTER = "https://kubernetes.default.svc"  # each environment's Argo CD runs in its own cluster

# Deleting an Application deletes what it synced, and waits for that. The path at the end is what Kubernetes
# wants in a finalizer's name; without it Argo CD does the same (3.5, `types.go`, `GetPropagationPolicy`).
FINALIZER = "resources-finalizer.argocd.argoproj.io/foreground"
_WAVE = "argocd.argoproj.io/sync-wave"
_OPTIONS = "argocd.argoproj.io/sync-options"
# A merge elsewhere in this repository does not render the Application's folder again.
RENDERED_FROM_ITS_FOLDER = {"argocd.argoproj.io/manifest-generate-paths": "."}

# Argo CD syncs a merge without a person.
AUTOMATED_SYNC: dict[str, object] = {
    "automated": {"prune": True, "selfHeal": True},
    # Without a limit: when the retries are used up, Argo CD never tries that commit again, and a first
    # sync may wait long for CRDs or an operator's secret. Each retry takes the newest commit, so that
    # a fix is synced.
    "retry": {
        "limit": -1,
        "refresh": True,
        "backoff": {"duration": "10s", "factor": 2, "maxDuration": "3m"},
    },
}

# For objects that hold data: a person confirms, whether they are missing in Git or their parent is deleted.
CONFIRMED = ("Prune=confirm", "Delete=confirm")

_SYNC_OPTIONS = (
    "ApplyOutOfSyncOnly=true",
    "CreateNamespace=false",  # the namespace app owns it, with its Pod Security labels
    "FailOnSharedResource=true",  # no object belongs to two apps
    "PruneLast=true",
    "PrunePropagationPolicy=foreground",
    "RespectIgnoreDifferences=true",
    "ServerSideApply=true",
)


@dataclass(frozen=True, kw_only=True)
class IgnoredField:
    """A field of one object whose value does not come from Git; `field` is a jq path."""

    group: str
    kind: str
    name: str
    field: str
    reason: str  # not rendered

    def to_spec(self) -> dict[str, object]:
        return {
            "group": self.group,
            "kind": self.kind,
            "name": self.name,
            "jqPathExpressions": [self.field],
        }


@dataclass(frozen=True, kw_only=True)
class Kustomization:
    """A folder of this repository that Kustomize builds."""

    repository: Repository
    path: str

    def to_spec(self) -> dict[str, object]:
        # Argo CD detects Kustomize by kustomization.yaml, and drops an empty `kustomize` setting.
        return {
            "repoURL": self.repository.url,
            "targetRevision": self.repository.revision,
            "path": self.path,
        }


@dataclass(frozen=True, kw_only=True)
class Folder:
    """Plain manifests in a folder of this repository."""

    repository: Repository
    path: str

    def to_spec(self) -> dict[str, object]:
        source = Kustomization(repository=self.repository, path=self.path)
        # Plain manifests, even if the folder contains a Chart.yaml or kustomization.yaml.
        # Argo CD would drop `recurse: false` as an empty setting.
        return source.to_spec() | {"directory": {"recurse": True}}


@dataclass(frozen=True, kw_only=True)
class HelmChart:
    """A chart at one version, with its values; Argo CD renders it, and Helm installs nothing."""

    repository_url: str
    name: str
    version: str
    values: Mapping[str, object]

    def to_spec(self) -> dict[str, object]:
        return {
            "repoURL": self.repository_url,
            "chart": self.name,
            "targetRevision": self.version,
            # Helm's release has the chart's name in every cluster, and the chart names its objects after it.
            "helm": {"releaseName": self.name, "valuesObject": dict(self.values)},
        }


class Application(CustomResource):
    """One source that Argo CD syncs automatically: it prunes, heals, and retries until a sync works."""

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        name: str,
        project: str,
        source: Folder | Kustomization | HelmChart,
        namespace: str,
        wave: int,
        ignored_fields: tuple[IgnoredField, ...] = (),
        extra_sync_options: tuple[str, ...] = (),
        own_sync_options: tuple[str, ...] = (),
        cascades: bool = True,
    ) -> None:
        """`extra_sync_options` apply to what is synced, `own_sync_options` to this Application.

        When an Application that does not cascade is deleted, what it synced stays.
        """
        spec: dict[str, object] = {
            "project": project,
            "source": source.to_spec(),
            "destination": {"server": IN_CLUSTER, "namespace": namespace},
            "syncPolicy": {
                **AUTOMATED_SYNC,
                "syncOptions": sorted((*_SYNC_OPTIONS, *extra_sync_options)),
            },
            "revisionHistoryLimit": 5,  # Git keeps the history
        }
        if ignored_fields:
            spec["ignoreDifferences"] = [field.to_spec() for field in ignored_fields]
        super().__init__(
            scope,
            id_,
            api_version=API_VERSION,
            kind="Application",
            name=name,
            annotations=annotations(wave=wave, sync_options=own_sync_options)
            | {
                # The API server's dry run applies the defaults of custom resources. Without it the
                # defaults are differences that no sync removes.
                "argocd.argoproj.io/compare-options": "ServerSideDiff=true",
            }
            | ({} if isinstance(source, HelmChart) else RENDERED_FROM_ITS_FOLDER),
            finalizers=[FINALIZER] if cascades else None,
            spec=spec,
        )


def annotations(*, wave: int, sync_options: tuple[str, ...]) -> dict[str, str]:
    annotations = {_WAVE: str(wave)}
    return annotations | {_OPTIONS: ",".join(sync_options)} if sync_options else annotations
