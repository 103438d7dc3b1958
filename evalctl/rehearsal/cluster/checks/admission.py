"""Whether the API server admits every object of the served repository without a warning."""

import re
from collections.abc import Mapping

from environments.names import Names
from evalctl.processes import run
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.result import Result, result

# Warnings that are accepted, each with its reason.
ALLOWED: Mapping[str, str] = {}
_APPLY = ("apply", "--server-side", "--dry-run=server", "--force-conflicts")
_MANAGER = "--field-manager=argocd-controller"


async def check(cluster: Cluster) -> Result:
    """Apply everything once more as a dry run, as Argo CD applies it, and read the warnings."""
    names = Names(cluster.env)
    rendered = cluster.checkout / "rendered" / cluster.env.name
    problems: list[str] = []
    objects = 0
    for source in (
        ("--kustomize", str(cluster.checkout / names.argocd_installation_folder)),
        *(
            ("--recursive", "--filename", str(rendered / folder))
            for folder in ("k8s", "dashboards", "argocd")
        ),
    ):
        code, output = await run(
            "kubectl",
            *_APPLY,
            _MANAGER,
            *source,
            folder=cluster.checkout,
            environment={**cluster.environment, "PATH": cluster.programs.search_path},
        )
        lines = output.splitlines()
        objects += sum("serverside-applied" in line for line in lines)
        problems += [
            line
            for line in lines
            if line.startswith("Warning:") and not any(known in line for known in ALLOWED)
        ]
        if code != 0:
            problems += [line for line in lines if re.match(r"error|Error|The ", line)]
    return result(
        "every object is admitted without a warning", problems, f"{objects} objects of Git"
    )
