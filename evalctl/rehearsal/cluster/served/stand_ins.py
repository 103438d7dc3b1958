"""Helm charts that stand in for the add-ons' own, which come from the internet only.

`stand_in_charts/` has one folder for each chart. Helm makes the same workloads, Services, budgets, API
registrations and ServiceMonitors of the platform's values as of the real chart; a test compares the two.
A stand-in reads the values by the names that the real chart gives them, so a change of an Application
changes the stand-in's objects, too. Each version has other images, so that an update replaces the pods. What it leaves out is in `LEFT_OUT`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import yaml

from bindings.yaml_text import to_yaml
from environments.catalog import Chart
from evalctl.processes import output
from evalctl.rehearsal.cluster.served.problem import NotServedError

LEFT_OUT = "without webhooks, rules, dashboards, and the roles of what runs as a local program"

_CHARTS = Path(__file__).parent / "stand_in_charts"
_SHARED = _CHARTS / "shared.tpl"
# Lists of definitions by the folder of the chart into which they go. Helm installs `crds` as they are; a
# template reads `definitions`.
_DEFINITIONS = ("crds", "definitions")


def package(chart: Chart, folder: Path, *, definitions: Path | None, helm: str) -> str:
    """Write the stand-in of this version into a folder of charts, and describe it.

    `definitions` is a folder with CustomResourceDefinitions, one in each `<group>_<plural>.yaml`.

    Raises:
        NotServedError: there is no stand-in for this chart.
    """
    origin = _CHARTS / chart.name
    if not origin.is_dir():
        raise NotServedError(
            f"{chart.name} has no stand-in: add one to {_CHARTS}, or a folder with the chart by CHART_DIR"
        )
    source = folder / "sources" / f"{chart.name}-{chart.version}" / chart.name
    shutil.copytree(origin, source, dirs_exist_ok=True)
    shutil.copyfile(_SHARED, source / "templates" / f"_{_SHARED.name}")
    metadata: dict[str, object] = {
        "apiVersion": "v2",
        "name": chart.name,
        "version": chart.version,
        "description": f"A stand-in {LEFT_OUT}",
    }
    (source / "Chart.yaml").write_text(to_yaml(metadata))
    without_schema = list(_write_definitions(source, definitions))
    output((helm, "package", str(source), "--destination", str(folder)))
    described = f"a stand-in {LEFT_OUT}"
    if without_schema:
        return f"{described}; definitions without a schema: {', '.join(without_schema)}"
    return described


def _write_definitions(source: Path, definitions: Path | None) -> Iterator[str]:
    """Write the chart's definitions; yields the name of each one that the folder lacks."""
    for folder in _DEFINITIONS:
        listed = source / f"{folder}.yaml"
        if not listed.exists():
            continue
        (source / folder).mkdir(exist_ok=True)
        for entry in yaml.load(listed.read_text(), Loader=yaml.CSafeLoader):
            file = f"{entry['group']}_{entry['plural']}.yaml"
            if definitions is not None and (definitions / file).exists():
                shutil.copyfile(definitions / file, source / folder / file)
            else:
                (source / folder / file).write_text(to_yaml(_without_schema(entry)))
                yield f"{entry['plural']}.{entry['group']}"


def _without_schema(entry: dict[str, str]) -> dict[str, object]:
    """A definition that admits every object of its kind."""
    kind = entry["kind"]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{entry['plural']}.{entry['group']}"},
        "spec": {
            "group": entry["group"],
            "scope": entry.get("scope", "Namespaced"),
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": entry["plural"],
                "singular": kind.lower(),
            },
            "versions": [
                {
                    "name": entry["version"],
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "x-kubernetes-preserve-unknown-fields": True,
                        }
                    },
                }
            ],
        },
    }
