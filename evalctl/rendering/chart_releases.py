"""The charts' releases in `rendered/`: as it was at a commit, and as it is now."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from environments.catalog import Chart
from evalctl.archives import unpack
from evalctl.processes import CommandFailedError, output
from evalctl.rendered_charts import applications, chart_of
from evalctl.rendering.changed import NoComparisonError


@dataclass(frozen=True, kw_only=True)
class ChartRelease:
    """One Application with a chart, and the Kubernetes minor of its environment."""

    chart: Chart
    spec: Mapping[str, Any]  # of the Application: source and destination
    kubernetes_version: str


def at_commit(root: Path, commit: str) -> dict[str, ChartRelease]:
    """The releases of `rendered/` at a commit.

    Raises:
        NoComparisonError: the commit has no such folder, or an Application cannot be read.
    """
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch, "rendered.tar")
        try:
            output(("git", "archive", f"--output={archive}", commit, "--", "rendered"), folder=root)
        except CommandFailedError as error:
            raise NoComparisonError(f"{commit} has no rendered/: {error.reason}") from error
        unpack(archive, scratch)
        return now(Path(scratch))


def now(root: Path) -> dict[str, ChartRelease]:
    """The releases of a checkout, by environment and release, as in `dev/metrics-server`.

    Raises:
        NoComparisonError: an Application cannot be read.
    """
    found = {}
    for folder in sorted((root / "rendered").glob("*/argocd")):
        environment = folder.parent
        try:
            for application in applications(folder):
                spec = application["spec"]
                found[f"{environment.name}/{spec['source']['helm']['releaseName']}"] = ChartRelease(
                    chart=chart_of(application),
                    spec={key: spec[key] for key in ("source", "destination")},
                    kubernetes_version=_kubernetes_version(environment),
                )
        except (yaml.YAMLError, LookupError, TypeError, ValueError) as error:
            raise NoComparisonError(
                f"rendered/{environment.name} is not what `make render` writes: {error}"
            ) from error
    return found


def _kubernetes_version(environment: Path) -> str:
    stack = json.loads((environment / "terraform/cluster/cdk.tf.json").read_text(encoding="utf-8"))
    (cluster,) = stack["resource"]["aws_eks_cluster"].values()
    return str(cluster["version"])
