"""The root Application, which syncs this plane's own folder, and the project that bounds it.

Bootstrap applies these two objects once; from then on they sync themselves and everything else.
"""

import constructs

from argocd.resources import Application, AppProject, Folder, ResourceKind
from environments.names import ARGOCD_NAMESPACE, Names

# A folder that lacks them by mistake must not take down what keeps everything in sync.
_NEVER_PRUNED = "Prune=false"


def root_project(scope: constructs.Construct, *, names: Names) -> AppProject:
    """May manage Applications, their sets and AppProjects beside Argo CD, and nothing else anywhere.

    Whoever may change an AppProject may widen it: the guard on this plane is the review of its
    rendered folder, not this project.
    """
    return AppProject(
        scope,
        "root-project",
        name=names.argocd_root,
        description=f"The Applications and projects of {names.prefix}, and nothing else",
        repositories=(names.env.repository.url,),
        namespaces=(ARGOCD_NAMESPACE,),
        cluster_kinds=(),
        namespaced_kinds=(
            ResourceKind(group="argoproj.io", kind="AppProject"),
            ResourceKind(group="argoproj.io", kind="Application"),
            # Even while there are no previews: it could not delete what it may not manage.
            ResourceKind(group="argoproj.io", kind="ApplicationSet"),
        ),
        warn_of_orphans=False,  # the namespace is full of Argo CD itself
        sync_windows=names.env.sync_windows,
        # The root Application deletes what it manages before it goes, and this project waits for
        # its last Application: without the second option the two would wait for each other.
        sync_options=(_NEVER_PRUNED, "Delete=false"),
    )


def root_application(scope: constructs.Construct, *, names: Names, wave: int) -> Application:
    """Syncs the folder in which it is rendered itself."""
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
