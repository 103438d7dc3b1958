"""Counts what was rendered, for the table that `evalctl render` prints."""

import json
from collections import Counter

from rich.table import Table

from environments.names import LOCK_FILE, App, Stack

# In the order in which stacks are applied and apps are synced.
_ROWS = (
    ("AWS resources", "terraform", tuple(Stack)),
    ("Kubernetes objects", "k8s", tuple(App)),
    ("Observation objects", "dashboards", ("ConfigMap", "PrometheusRule", "ExternalSecret")),
    ("Argo CD objects", "argocd", ("AppProject", "Application")),
)
_BY_KIND = frozenset({"dashboards", "argocd"})  # folders without subfolders, counted by kind


def table(files: dict[str, str]) -> Table:
    """A column for each environment: AWS resources by stack, objects by app or by kind."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for path, text in files.items():
        if path.endswith((f"/{LOCK_FILE}", ".md")):
            continue
        environment, folder, part, *_ = path.split("/")
        if folder == "terraform":
            resources = json.loads(text).get("resource", {}).values()
            counts[environment, folder, part] += sum(map(len, resources))
        else:
            counts[environment, folder, part.partition("-")[0] if folder in _BY_KIND else part] += 1

    environments = sorted({environment for environment, _, _ in counts})
    result = Table(show_edge=False, pad_edge=False)
    for heading in ("", "", *environments):
        result.add_column(heading, justify="right" if heading else "left")
    for title, folder, parts in _ROWS:
        result.add_section()
        totals = [sum(counts[env, folder, part] for part in parts) for env in environments]
        result.add_row(title, "", *map(str, totals), style="bold")
        for part in parts:
            result.add_row("", part, *(str(counts[env, folder, part]) for env in environments))
    return result
