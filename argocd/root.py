"""The root Application, which syncs this plane's own folder, and the project that bounds it.

Bootstrap applies these two objects once. After that they sync themselves and everything else.
"""

import constructs

from argocd.parts.app_project import AppProject, ResourceKind
from argocd.parts.application import Application, Folder
from environments.names import ARGOCD_NAMESPACE, Names

# If the folder lacks them by mistake, everything else must still be synced.
_NEVER_PRUNED = "Prune=false"


def root_project(scope: constructs.Construct, *, names: Names) -> AppProject:
    """May manage Applications, ApplicationSets and AppProjects in Argo CD's namespace, and nothing else.

    A change of an AppProject may widen it. The review of this plane's rendered folder prevents that,
    not this project.
    """
    return AppProject(
        scope,
        "root-project",
        names=names,
        name=names.argocd_root,
        description=f"The Applications and projects of {names.prefix}, and nothing else",
        namespaces=(ARGOCD_NAMESPACE,),
        namespaced_kinds=(
            ResourceKind(group="argoproj.io", kind="AppProject"),
            ResourceKind(group="argoproj.io", kind="Application"),
            # Also while previews are off: without it the root could not delete the old ApplicationSet.
            ResourceKind(group="argoproj.io", kind="ApplicationSet"),
        ),
        warn_of_orphans=False,  # Argo CD's own objects are in the namespace
        # The root Application deletes what it manages before it is deleted itself, and this project
        # waits for its last Application. Without `Delete=false` the two would wait for each other.
        sync_options=(_NEVER_PRUNED, "Delete=false"),
    )


def root_application(scope: constructs.Construct, *, names: Names, wave: int) -> Application:
    """Syncs the folder that contains it."""
    return Application(
        scope,
        "root-application",
        name=names.argocd_root,
        project=names.argocd_root,
        source=Folder(repository=names.env.repository, path=names.argocd_folder),
        namespace=ARGOCD_NAMESPACE,
        wave=wave,
        own_sync_options=(_NEVER_PRUNED,),
    )
