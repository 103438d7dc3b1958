"""What a person sees after a command: counts of what was rendered, and where a value is wrong."""

import json
import traceback
from collections import Counter
from pathlib import Path

from rich.table import Table

from environments.names import App, Stack

# In the order in which they are applied and synced.
_ROWS = (
    ("AWS resources", "terraform", tuple(Stack)),
    ("Kubernetes objects", "k8s", tuple(App)),
    ("Observation objects", "dashboards", ("ConfigMap", "PrometheusRule", "ExternalSecret")),
    ("Argo CD objects", "argocd", ("AppProject", "Application")),
)
_BY_KIND = frozenset({"dashboards", "argocd"})  # planes in one folder, counted by kind of object


def table(files: dict[str, str]) -> Table:
    """Per environment: AWS resources by stack, Kubernetes objects by app, the others by kind."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for path, text in files.items():
        environment, plane, part, *_ = path.split("/")
        if plane == "terraform":
            resources = json.loads(text).get("resource", {}).values()
            counts[environment, plane, part] += sum(map(len, resources))
        else:
            counts[environment, plane, part.partition("-")[0] if plane in _BY_KIND else part] += 1

    environments = sorted({environment for environment, _, _ in counts})
    result = Table(show_edge=False, pad_edge=False)
    for heading in ("", "", *environments):
        result.add_column(heading, justify="right" if heading else "left")
    for title, plane, parts in _ROWS:
        result.add_section()
        totals = [sum(counts[env, plane, part] for part in parts) for env in environments]
        result.add_row(title, "", *map(str, totals), style="bold")
        for part in parts:
            result.add_row("", part, *(str(counts[env, plane, part]) for env in environments))
    return result


def where_it_failed(error: Exception) -> str:
    """`file:line: message` of the innermost line under `environments/` that an import failed at."""
    if isinstance(error, SyntaxError):
        return f"{_short(error.filename or '?')}:{error.lineno}: {error.msg}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).parent.name == "environments"
        and Path(frame.filename).name != "spec.py"  # checks values that another file gives it
    ]
    place = f"{_short(frames[-1].filename)}:{frames[-1].lineno}: " if frames else ""
    # With its kind: of a misspelled enum member, the message is the bare name.
    return f"{place}{type(error).__name__}: {error}"


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-2:])
