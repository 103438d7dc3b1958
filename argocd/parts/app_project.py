"""Argo CD's AppProject: what its Applications may sync."""

from dataclasses import dataclass

import constructs

from argocd.parts.application import API_VERSION, IN_CLUSTER, annotations
from bindings.custom_resource import CustomResource
from environments.names import Names
from environments.spec import SyncWindow

# A project stays until no Application refers to it; otherwise a teardown could leave Applications that
# cannot be deleted. Argo CD knows only this name of it (3.5, `AppProject.HasFinalizer`). Kubernetes warns of
# it, because it has no path.
_FINALIZER = "resources-finalizer.argocd.argoproj.io"


@dataclass(frozen=True, kw_only=True)
class ResourceKind:
    """A Kubernetes kind that a project may manage; the core group is the empty string."""

    group: str
    kind: str
    name: str | None = None  # only cluster-scoped kinds can be narrowed to one name

    def to_spec(self) -> dict[str, object]:
        spec: dict[str, object] = {"group": self.group, "kind": self.kind}
        return spec if self.name is None else spec | {"name": self.name}


class AppProject(CustomResource):
    """The repositories, namespaces and kinds of its Applications, and the environment's sync windows."""

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        names: Names,
        name: str,
        description: str,
        namespaces: tuple[str, ...],
        namespaced_kinds: tuple[ResourceKind, ...],
        warn_of_orphans: bool,
        cluster_kinds: tuple[ResourceKind, ...] = (),
        repositories: tuple[str, ...] | None = None,
        # Without its project an Application cannot sync, and cannot even be deleted.
        sync_options: tuple[str, ...] = ("Prune=false",),
    ) -> None:
        """`repositories` is this repository if it is not given."""
        spec: dict[str, object] = {
            "description": description,
            "sourceRepos": list(repositories or (names.env.repository.url,)),
            "destinations": [{"server": IN_CLUSTER, "namespace": name} for name in namespaces],
            "clusterResourceWhitelist": [kind.to_spec() for kind in cluster_kinds],
            "namespaceResourceWhitelist": [kind.to_spec() for kind in namespaced_kinds],
        }
        if warn_of_orphans:
            spec["orphanedResources"] = {"warn": True}
        if names.env.sync_windows:
            spec["syncWindows"] = [_window(window) for window in names.env.sync_windows]
        super().__init__(
            scope,
            id_,
            api_version=API_VERSION,
            kind="AppProject",
            name=name,
            annotations=annotations(wave=-1, sync_options=sync_options),  # before its Applications
            finalizers=[_FINALIZER],
            spec=spec,
        )


def _window(window: SyncWindow) -> dict[str, object]:
    return {
        "kind": window.kind,
        "schedule": window.schedule,
        "duration": f"{window.duration_hours}h",
        "timeZone": window.time_zone,
        "applications": ["*"],  # of the project
        "manualSync": True,  # a person who repairs something need not move the window first
    }
