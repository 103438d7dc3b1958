"""What a branch changes in the objects that the add-ons' charts make of our values."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bindings.yaml_text import to_yaml
from evalctl import chart_objects
from evalctl.processes import CommandFailedError
from evalctl.rendering import chart_releases
from evalctl.rendering.chart_packages import ChartPackages, MissingChartError
from evalctl.rendering.chart_releases import ChartRelease
from evalctl.rendering.markdown import Difference, document

# Labels that name the chart or its version: each update would change each object. Those of pods stay, because
# another label replaces the pods.
_VERSION_LABELS = ("app.kubernetes.io/version", "chart", "helm.sh/chart")
# Last, because their differences are the longest.
_DEFINITION = "CustomResourceDefinition"
_LEFT_OUT = (
    "Left out: generated certificates, and an object's own labels that name its chart's version."
)

Objects = dict[str, dict[str, Any]]  # by kind, namespace and name


@dataclass(frozen=True, kw_only=True)
class Changed:
    """How the objects of one chart differ."""

    summary: str
    differences: tuple[Difference, ...]


def charts(
    root: Path, *, commit: str, packages: ChartPackages, progress: Callable[[str], None], limit: int
) -> tuple[str, list[str]]:
    """The diff by object as Markdown, and a line for each release that could not be compared.

    It compares `rendered/` as it was at a commit with `rendered/` as it is now.

    Raises:
        NoComparisonError: Git cannot compare, or an Application cannot be read.
    """
    before = chart_releases.at_commit(root, commit)
    now = chart_releases.now(root)
    changed: dict[str, Changed] = {}
    problems: dict[str, str] = {}
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        progress(name)
        try:
            changed[name] = compared(
                _objects(old, packages), _objects(new, packages), _versions(old, new)
            )
        except (CommandFailedError, MissingChartError) as error:
            problems[name] = str(error)
    text = markdown(changed, not_compared=tuple(problems), limit=limit)
    return text, [f"{name}: {problem}" for name, problem in problems.items()]


def compared(before: Objects, now: Objects, versions: str) -> Changed:
    """The differences by object; `versions` are those of the chart."""
    differences = tuple(
        Difference(name=key, lines=lines)
        for key in sorted(before.keys() | now.keys())
        if (lines := "".join(_unified(before.get(key), now.get(key))))
    )
    added, removed = len(now.keys() - before.keys()), len(before.keys() - now.keys())
    changed = len(differences) - added - removed
    images = "".join(f"\n  - `{image}`" for image in _images(before, now))
    return Changed(
        summary=f"{versions}: {added} objects added, {removed} removed, {changed} changed{images}",
        differences=differences,
    )


def markdown(changed: Mapping[str, Changed], *, not_compared: tuple[str, ...], limit: int) -> str:
    """Each difference once, with the environments that have it."""
    summaries: dict[str, list[str]] = {}
    differences: dict[tuple[str, str], list[str]] = {}
    for name, each in changed.items():
        environment, _, release = name.partition("/")
        if each.differences:
            summaries.setdefault(f"{release} {each.summary}", []).append(environment)
        for one in each.differences:
            differences.setdefault((f"{release}: {one.name}", one.lines), []).append(environment)
    missing = [f"- **not compared: {', '.join(not_compared)}**"] if not_compared else []
    if not summaries and not missing:
        return "### Charts: nothing to change\n"
    lines = [f"- {', '.join(names)}: {summary}" for summary, names in summaries.items()]
    listed = [
        Difference(name=f"{', '.join(names)}: {name}", lines=text)
        for (name, text), names in differences.items()
    ]
    heading = "\n".join(
        [
            "### Charts: what they make of our values",
            "",
            *missing,
            *lines,
            "",
            _LEFT_OUT,
            "",
            "Objects:",
        ]
    )
    return document(
        heading,
        sorted(listed, key=lambda each: f": {_DEFINITION} " in each.name),
        limit=limit,
        see_rest="`evalctl charts-diff --all` prints them",
    )


def _versions(old: ChartRelease | None, new: ChartRelease | None) -> str:
    return " → ".join(
        dict.fromkeys(each.chart.version if each is not None else "none" for each in (old, new))
    )


def _objects(release: ChartRelease | None, packages: ChartPackages) -> Objects:
    if release is None:
        return {}
    text = chart_objects.template(
        release.spec,
        packages.package(release.chart),
        kubernetes_version=release.kubernetes_version,
    )
    return {_key(made): _comparable(made) for made in chart_objects.objects(text)}


def _key(made: Mapping[str, Any]) -> str:
    metadata = made["metadata"]
    place = f"{metadata['namespace']}/" if "namespace" in metadata else ""
    return f"{made['kind']} {place}{metadata['name']}"


def _comparable(made: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = chart_objects.without_certificates(made)
    labels = found["metadata"].get("labels") or {}
    kept = {label: value for label, value in labels.items() if label not in _VERSION_LABELS}
    return {**found, "metadata": {**found["metadata"], "labels": kept}}


def _unified(before: dict[str, Any] | None, now: dict[str, Any] | None) -> Iterator[str]:
    old, new = (
        [] if each is None else to_yaml(each).splitlines(keepends=True) for each in (before, now)
    )
    return islice(difflib.unified_diff(old, new), 2, None)  # without the header


def _images(before: Objects, now: Objects) -> Iterator[str]:
    """Each image that came, went, or has another tag, as `repository:old → new`."""
    old, new = set(_named_images(before)), set(_named_images(now))
    gone, come = (
        {_repository(image): image for image in sorted(side)} for side in (old - new, new - old)
    )
    for repository in sorted(gone.keys() | come.keys()):
        if repository in gone and repository in come:
            yield f"{gone[repository]} → {come[repository].removeprefix(repository)[1:]}"
        else:
            yield f"{gone.get(repository, 'none')} → {come.get(repository, 'none')}"


def _named_images(value: object, key: str = "") -> Iterator[str]:
    match value:
        case dict():
            for inner, part in value.items():
                yield from _named_images(part, inner)
        case list():
            for part in value:
                yield from _named_images(part)
        case str() if key == "image":
            yield value


def _repository(image: str) -> str:
    return re.sub(r"(:[\w.-]+)?(@sha256:\w+)?$", "", image)
