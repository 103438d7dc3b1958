"""Every object that Argo CD makes of what is served: rendered files, Kustomize's output, charts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from environments.catalog import Chart
from evalctl import chart_objects, kubernetes_yaml
from evalctl.processes import output
from evalctl.rehearsal.cluster.served.chart_repositories import ChartRepositories
from evalctl.rehearsal.cluster.served.repository import Served
from evalctl.rendered_charts import applications, chart_of

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
    real = {address: url for url, address in served.charts.items()}
    for application in applications(rendered / "argocd"):
        chart = chart_of(application)
        pinned = replace(chart, repository_url=real[chart.repository_url])
        yield from _of_chart(application["spec"], pinned, served, charts)


def _of_chart(
    spec: Mapping[str, Any], chart: Chart, served: Served, charts: ChartRepositories
) -> Iterator[Document]:
    text = chart_objects.template(
        spec,
        charts.package(chart),
        kubernetes_version=served.names.env.cluster.kubernetes_version,
        helm=charts.helm,
    )
    for document in chart_objects.objects(text):
        document["metadata"].setdefault("namespace", spec["destination"]["namespace"])
        yield document
