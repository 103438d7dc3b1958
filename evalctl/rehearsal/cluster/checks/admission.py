"""Whether the API server admits every object without a warning, as it does on the first day."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from evalctl.processes import CommandFailedError, run
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.served.read import documents

# Warnings that are accepted, each with its reason.
ALLOWED: Mapping[str, str] = {
    # The only name of a project's finalizer that Argo CD knows (AppProject.HasFinalizer).
    '"resources-finalizer.argocd.argoproj.io": prefer a domain-qualified finalizer name': "AppProject"
}
# An object that exists is only compared with itself, and most warnings come when one is made.
_SUFFIX = "-rehearsed"
_NAMED_BY_CONTENT = ("CustomResourceDefinition", "APIService")


async def check(cluster: Cluster) -> Result:
    """Create everything once more under another name as a dry run, and read the warnings."""
    name = "every object is admitted without a warning"
    try:
        objects = list(_renamed(cluster))
    except CommandFailedError as error:
        return result(name, [str(error)], "")
    path = cluster.plane.folder / "admission.yaml"
    path.write_text(yaml.safe_dump_all(objects))
    code, output = await run(
        "kubectl",
        *("create", "--dry-run=server", "--filename", str(path)),
        folder=cluster.served.folder,
        environment=cluster.environment,
    )
    lines = output.splitlines()
    problems = [line for line in lines if line.startswith("Warning:") and not _allowed(line)]
    if code != 0:
        problems += [line for line in lines if not line.endswith("created (server dry run)")]
    return result(name, problems, f"{len(objects)} objects of Git and of charts")


def _renamed(cluster: Cluster) -> Iterator[Mapping[str, Any]]:
    for document in documents(
        cluster.served, cluster.charts, kustomize=cluster.programs.path("kustomize")
    ):
        if document["kind"] in _NAMED_BY_CONTENT:
            continue
        document["metadata"]["name"] += _SUFFIX
        yield document


def _allowed(line: str) -> bool:
    return any(known in line for known in ALLOWED)
