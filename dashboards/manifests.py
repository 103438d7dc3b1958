"""The Kubernetes objects of this plane, all in one namespace and with the platform's labels."""

from environments.names import MONITORING_NAMESPACE, Names

Manifest = dict[str, object]


def labels(names: Names) -> dict[str, str]:
    """The labels of every object; this plane is written without cdk8s."""
    return names.labels("dashboards") | {"app.kubernetes.io/managed-by": "evalctl"}


def manifest(
    *,
    api_version: str,
    kind: str,
    name: str,
    names: Names,
    body: dict[str, object],
    annotations: dict[str, str] | None = None,
) -> Manifest:
    """An object; `body` is what stands beside its metadata, as in `{"spec": …}`."""
    metadata: dict[str, object] = {
        "name": name,
        "namespace": MONITORING_NAMESPACE,
        "labels": labels(names),
    }
    if annotations is not None:
        metadata["annotations"] = annotations
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}
