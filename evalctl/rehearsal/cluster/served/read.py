"""Every object that Argo CD makes of what is served: rendered files, Kustomize's output, charts."""

import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from environments.catalog import Chart
from evalctl import kubernetes_yaml
from evalctl.processes import output
from evalctl.rehearsal.cluster.served.chart_repositories import ChartRepositories
from evalctl.rehearsal.cluster.served.repository import Served

Document = dict[str, Any]


def documents(served: Served, charts: ChartRepositories, *, kustomize: str) -> Iterator[Document]:
    """Each object with the namespace in which it is made.

    Raises:
        CommandFailedError: Kustomize or Helm cannot render a source.
    """
    names = served.names
    rendered = served.folder / "rendered" / names.env.name
    for folder in ("k8s", "dashboards", "argocd"):
        for path in sorted((rendered / folder).rglob("*.yaml")):
            yield from kubernetes_yaml.documents(path.read_text(encoding="utf-8"))
    yield from kubernetes_yaml.documents(
        output((kustomize, "build", str(served.folder / names.argocd_installation_folder)))
    )
    for path in sorted((rendered / "argocd").glob("Application-*.yaml")):
        (application,) = kubernetes_yaml.documents(path.read_text(encoding="utf-8"))
        if "chart" in application["spec"].get("source", {}):
            yield from _of_chart(application["spec"], served, charts)


def _of_chart(
    spec: Mapping[str, Any], served: Served, charts: ChartRepositories
) -> Iterator[Document]:
    source, namespace = spec["source"], spec["destination"]["namespace"]
    real = next(url for url, address in served.charts.items() if address == source["repoURL"])
    chart = Chart(repository_url=real, name=source["chart"], version=source["targetRevision"])
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as values:
        yaml.safe_dump(source["helm"].get("valuesObject", {}), values)
        values.flush()
        text = output(
            (
                *(charts.helm, "template", source["helm"]["releaseName"]),
                *(str(charts.package(chart)), "--namespace", namespace, "--values", values.name),
                *("--kube-version", served.names.env.cluster.kubernetes_version),
                *_api_versions(),
            )
        )
    for document in kubernetes_yaml.documents(text):
        document["metadata"].setdefault("namespace", namespace)
        yield document


def _api_versions() -> tuple[str, ...]:
    """Argo CD gives Helm the cluster's API versions; charts look for these only."""
    return ("--api-versions", "monitoring.coreos.com/v1", "--api-versions", "policy/v1")
