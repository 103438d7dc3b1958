"""What a person sees after a command: counts of what was rendered, and where a value is wrong."""

import json
import traceback
from collections import Counter, defaultdict
from pathlib import Path

from rich.table import Table


def table(files: dict[str, str]) -> Table:
    """Per environment: AWS resources by stack, Kubernetes objects by app, Argo CD Applications."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    environments: list[str] = []
    for path, text in files.items():
        environment, plane, *rest = path.split("/")
        if environment not in environments:
            environments.append(environment)
        if plane == "terraform":
            resources = json.loads(text).get("resource", {}).values()
            counts["AWS resources", rest[0]][environment] += sum(map(len, resources))
        elif plane == "k8s":
            counts["Kubernetes objects", rest[0]][environment] += 1
        else:
            counts["Argo CD objects", rest[0].partition("-")[0]][environment] += 1

    result = Table(show_edge=False, pad_edge=False)
    result.add_column("Plane")
    result.add_column("Part")
    for environment in environments:
        result.add_column(environment, justify="right")
    previous = None
    for (plane, part), by_environment in counts.items():
        if plane != previous:
            totals = [
                sum(row[environment] for (p, _), row in counts.items() if p == plane)
                for environment in environments
            ]
            result.add_section()
            result.add_row(plane, "", *map(str, totals), style="bold")
        result.add_row("", part, *(str(by_environment[e]) for e in environments))
        previous = plane
    return result


def where_it_failed(error: Exception) -> str:
    """`file:line: message` of the innermost line under `environments/` that an import failed at."""
    if isinstance(error, SyntaxError):
        return f"{_short(error.filename or '?')}:{error.lineno}: {error.msg}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).parent.name == "environments"
    ]
    place = f"{_short(frames[-1].filename)}:{frames[-1].lineno}: " if frames else ""
    return f"{place}{error}"


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-2:])
