"""Delivery: Applications and the folders that they sync, projects, namespaces."""

from collections.abc import Iterator

from environments.names import ARGOCD_NAMESPACE
from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.kubernetes import called, name_of, namespace_of, objects


@check(
    title="Each Application syncs a folder that is rendered, and each folder is synced once",
    rests_on="paths, projects and namespaces of Applications; the rendered folders; AppProjects",
)
def application_paths(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    synced: dict[str, int] = {}
    for application in objects(env, "Application"):
        project = application.at("spec", "project")
        found = called(env, "AppProject", project.text(), namespace=ARGOCD_NAMESPACE)
        yield require(project, found is not None, "there is no such project")
        namespace = application.at("spec", "destination", "namespace")
        if found is not None:
            allowed = [each["namespace"].value for each in found.at("spec", "destinations").items()]
            yield require(
                namespace,
                namespace.value in allowed or "*" in allowed,
                "the project does not allow this namespace",
                other=found.at("spec", "destinations"),
            )
        path = application.at("spec", "source", "path")
        if not path.present:
            continue
        folder = path.text().removeprefix(f"rendered/{env.name}/")
        synced[folder] = synced.get(folder, 0) + 1
        inside = [each for each in env.texts if each.startswith(f"{folder}/")]
        yield require(path, bool(inside), "nothing is rendered into this folder")
        for document in env.below(folder):
            own = namespace_of(document)
            if (
                own
                and own != namespace.value
                and document["kind"].value != "Namespace"
                and not folder.startswith("argocd")
            ):
                yield Finding(
                    document["metadata"]["namespace"],
                    "its Application has another namespace",
                    namespace,
                )
    folders = {
        _folder(path) for path in env.texts if not path.startswith(("terraform/", "preview/"))
    }
    for folder in sorted(folders):
        yield require(
            env.place(folder),
            synced.get(folder) == 1,
            f"{synced.get(folder, 0)} Applications sync this folder",
        )


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


@check(
    title="Each namespace that manifests use is made",
    rests_on="namespaces of all manifests and Applications; Namespace objects",
)
def namespaces(subject: Subject) -> Iterator[Finding]:
    made = {name_of(each): each for each in objects(subject.env, "Namespace")}
    own = {"", "kube-system", "default"}  # Kubernetes has these
    for document in objects(subject.env):
        nodes = [document["metadata"]["namespace"]]
        if document["kind"].value == "Application":
            nodes.append(document.at("spec", "destination", "namespace"))
        for node in nodes:
            if node.text_or("") not in own:
                found = made.get(node.text())
                other = found["metadata"]["name"] if found is not None else None
                yield require(node, found is not None, "nothing makes this namespace", other=other)
