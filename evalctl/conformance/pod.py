"""What a rendered pod carries: variables, mounted files, ports, probes and times."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from environments.names import App


class UnreadableManifestsError(Exception):
    """The rendered manifests lack what a pod names; the message has the file."""


@dataclass(frozen=True)
class Probe:
    """A path that the kubelet requests on one of the container's ports."""

    path: str
    port: int


@dataclass(frozen=True)
class Mount:
    """A folder of a pod, and the Secret or ConfigMap whose keys are its files."""

    path: str
    kind: str
    name: str


@dataclass(frozen=True)
class Pod:
    """The only container of a rendered Deployment or Job, and what is around it."""

    app: App
    image: str
    arguments: tuple[str, ...]
    variables: Mapping[str, str]
    secret_variables: Mapping[str, tuple[str, str]]  # variable → Secret and key
    mounts: tuple[Mount, ...]
    ports: Mapping[str, int]
    liveness: Probe | None
    readiness: Probe | None
    grace_seconds: int
    user: int
    memory: str


def read(rendered: Path, app: App, *, kind: str = "Deployment") -> Pod:
    """The pod of an app in `rendered/<environment>`.

    Raises:
        UnreadableManifestsError: the manifests are not there, or the pod names a missing one.
    """
    folder = rendered / "k8s" / app
    spec = document(folder / f"{kind}-{app}.yaml")["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
    variables: dict[str, str] = {}
    for source in container.get("envFrom", []):
        variables |= document(folder / f"ConfigMap-{source['configMapRef']['name']}.yaml")["data"]
    secret_variables = {}
    for entry in container.get("env", []):
        if "value" in entry:
            variables[entry["name"]] = entry["value"]
        else:
            reference = entry["valueFrom"]["secretKeyRef"]
            secret_variables[entry["name"]] = (reference["name"], reference["key"])
    return Pod(
        app=app,
        image=container["image"],
        arguments=(*container.get("command", ()), *container.get("args", ())),
        variables=variables,
        secret_variables=secret_variables,
        mounts=_mounts(spec, container),
        ports=ports,
        liveness=_probe(container, "livenessProbe", ports),
        readiness=_probe(container, "readinessProbe", ports),
        grace_seconds=spec.get("terminationGracePeriodSeconds", 30),
        user=spec["securityContext"]["runAsUser"],
        memory=container["resources"]["limits"]["memory"],
    )


def document(file: Path) -> Any:
    """A rendered manifest.

    Raises:
        UnreadableManifestsError: there is no such file.
    """
    try:
        return yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except FileNotFoundError:
        raise UnreadableManifestsError(f"{file} is missing; run `evalctl render`.") from None


def _mounts(spec: Any, container: Any) -> tuple[Mount, ...]:
    """Mounted Secrets and ConfigMaps, without the folder for temporary files."""
    sources = {}
    for volume in spec["volumes"]:
        if "secret" in volume:
            sources[volume["name"]] = ("Secret", volume["secret"]["secretName"])
        elif "configMap" in volume:
            sources[volume["name"]] = ("ConfigMap", volume["configMap"]["name"])
    return tuple(
        Mount(mount["mountPath"], *sources[mount["name"]])
        for mount in container["volumeMounts"]
        if mount["name"] in sources
    )


def _probe(container: Any, name: str, ports: Mapping[str, int]) -> Probe | None:
    if name not in container:
        return None
    request = container[name]["httpGet"]
    return Probe(request["path"], ports[request["port"]])
