"""The objects that a chart makes for an Application, by the real Helm as Argo CD's repository server calls it."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from evalctl import kubernetes_yaml
from evalctl.processes import output

CHARTS_VARIABLE = "CHART_DIR"
# The cluster's custom resources that charts look for before they make an object of such a kind. Helm knows
# the built-in ones.
_API_VERSIONS = ("monitoring.coreos.com/v1", "external-secrets.io/v1")
# Some charts make these anew each time.
_CERTIFICATES = ("caBundle", "ca.crt", "tls.crt", "tls.key")


def package_name(name: str, version: str) -> str:
    """The file that `helm package` writes."""
    return f"{name}-{version}.tgz"


def template(
    spec: Mapping[str, Any], package: Path, *, kubernetes_version: str, helm: str = "helm"
) -> str:
    """What Helm prints for an Application's specification.

    Raises:
        CommandFailedError: Helm cannot read the package, or the chart refuses the values.
    """
    settings = spec["source"]["helm"]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as values:
        yaml.safe_dump(settings.get("valuesObject", {}), values)
        values.flush()
        return output(
            (
                *(helm, "template", settings["releaseName"], str(package)),
                *("--namespace", spec["destination"]["namespace"], "--values", values.name),
                *("--kube-version", kubernetes_version),
                *(f"--api-versions={version}" for version in _API_VERSIONS),
                *(() if settings.get("skipCrds") else ("--include-crds",)),
            )
        )


def objects(text: str) -> list[dict[str, Any]]:
    """The objects in what Helm printed, as Argo CD applies them."""
    documents = kubernetes_yaml.documents(text)
    made = [one for found in documents for one in _of_list(found)]
    # Argo CD has no hook for Helm's tests and makes none of their objects.
    return [one for one in made if "test" not in _hooks(one)]


def without_certificates(value: Any, key: str = "") -> Any:
    """An object without what some charts make anew each time."""
    if isinstance(value, dict):
        return {inner: without_certificates(part, inner) for inner, part in value.items()}
    if isinstance(value, list):
        return [without_certificates(part) for part in value]
    return "" if key in _CERTIFICATES else value


def _of_list(document: dict[str, Any]) -> list[dict[str, Any]]:
    return list(document["items"]) if document["kind"] == "List" else [document]


def _hooks(document: Mapping[str, Any]) -> str:
    return str((document["metadata"].get("annotations") or {}).get("helm.sh/hook", ""))
