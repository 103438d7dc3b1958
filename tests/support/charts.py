"""What the real Helm makes of an add-on, as Argo CD's repository server calls it.

The folder `CHART_DIR` holds the charts as `helm package` writes them, `<name>-<version>.tgz`. If it has
another version than the pinned one, that version is used with a warning, and refused if REQUIRE_CHARTS
is 1.
"""

import functools
import os
import re
import tarfile
import warnings
from pathlib import Path

import pytest
import yaml

from evalctl import chart_objects
from tests.support import tools
from tests.support.manifests import Manifest


def package(name: str, version: str) -> Path:
    """The chart's file; a skip if the folder is not given or has no version of this chart."""
    folder = tools.folder("CHART_DIR", holding="the add-ons' charts")
    pinned = folder / f"{name}-{version}.tgz"
    if pinned.exists():
        return pinned
    assert os.environ.get("REQUIRE_CHARTS") != "1", f"{pinned} is missing; .ci/fetch gets it"
    others = sorted(p for p in folder.glob(f"{name}-*.tgz") if re.search(r"-\d[\d.]*$", p.stem))
    if not others:
        pytest.skip(f"CHART_DIR has no version of {name}")
    warnings.warn(f"{name} {version} is not in CHART_DIR; {others[-1].name} is used", stacklevel=2)
    return others[-1]


def is_pinned(application: Manifest) -> bool:
    """Whether the folder has the version that Argo CD will fetch."""
    source = application["spec"]["source"]
    return package(source["chart"], source["targetRevision"]).stem.endswith(
        source["targetRevision"]
    )


def template(application: Manifest, *, values: Manifest, kubernetes_version: str) -> list[Manifest]:
    """The objects of an Application with these values, definitions included.

    Raises:
        CommandFailedError: Helm or the chart refuses the values.
    """
    source = application["spec"]["source"]
    chart = package(source["chart"], source["targetRevision"])
    return objects(application, chart, values=values, kubernetes_version=kubernetes_version)


def objects(
    application: Manifest, chart: Path, *, values: Manifest, kubernetes_version: str
) -> list[Manifest]:
    """The objects that one package makes for an Application with these values.

    Raises:
        CommandFailedError: Helm or the chart refuses the values.
    """
    spec = application["spec"]
    source = {**spec["source"], "helm": {**spec["source"]["helm"], "valuesObject": values}}
    text = _helm(
        yaml.dump({**spec, "source": source}, Dumper=yaml.CSafeDumper), chart, kubernetes_version
    )
    made = chart_objects.objects(text)
    for one in made:
        one["metadata"].setdefault("namespace", spec["destination"]["namespace"])
    return made


def defaults(application: Manifest) -> Manifest:
    """The values that the chart knows, and those of the charts in it below their names."""
    source = application["spec"]["source"]
    found: Manifest = {}
    with tarfile.open(package(source["chart"], source["targetRevision"])) as archive:
        for member in archive.getmembers():
            parts = Path(member.name).parts
            if parts[-1] != "values.yaml" or len(parts) not in (2, 4):
                continue
            file = archive.extractfile(member)
            assert file is not None
            values = yaml.load(file, Loader=Loader) or {}
            if len(parts) == 2:
                found = _merged(values, found)
            elif parts[1] == "charts":
                found[parts[2]] = _merged(found.get(parts[2]) or {}, values)
    return found


class Loader(yaml.CSafeLoader):
    """Reads YAML as Kubernetes does: a bare `=` is a string."""

    yaml_constructors = yaml.CSafeLoader.yaml_constructors | {
        "tag:yaml.org,2002:value": yaml.CSafeLoader.construct_yaml_str
    }


@functools.cache
def _helm(spec: str, chart: Path, kubernetes_version: str) -> str:
    helm = tools.program("helm", get_it="`make setup` installs it")
    return chart_objects.template(
        yaml.load(spec, Loader=yaml.CSafeLoader),
        chart,
        kubernetes_version=kubernetes_version,
        helm=helm,
    )


def _merged(base: Manifest, over: Manifest) -> Manifest:
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            merged[key] = _merged(known, value)
        else:
            merged[key] = value
    return merged
