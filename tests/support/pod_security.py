"""Kubernetes' Pod Security level `restricted`, as far as containers and volumes of our add-ons use it.

Rules: kubernetes.io/docs/concepts/security/pod-security-standards, read 2026-11-28.
"""

from collections.abc import Iterator

from tests.support.manifests import Manifest

_VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"),
    *("persistentVolumeClaim", "projected", "secret"),
}


def violations(pod: Manifest) -> Iterator[str]:
    """What the API server would name when it refuses the pod in a restricted namespace."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield key
    for volume in pod.get("volumes") or ():
        if kinds := volume.keys() - {"name"} - _VOLUMES:
            yield f"volume {volume['name']}: {', '.join(kinds)}"
    of_pod = pod.get("securityContext") or {}
    for container in [*(pod.get("initContainers") or ()), *pod["containers"]]:
        own = container.get("securityContext") or {}
        name = container["name"]
        if own.get("privileged") or own.get("allowPrivilegeEscalation") is not False:
            yield f"{name}: allowPrivilegeEscalation"
        capabilities = own.get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or ()):
            yield f"{name}: capabilities"
        if set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}:
            yield f"{name}: added capabilities"
        if own.get("runAsNonRoot", of_pod.get("runAsNonRoot")) is not True:
            yield f"{name}: runAsNonRoot"
        if own.get("runAsUser", of_pod.get("runAsUser")) == 0:
            yield f"{name}: runAsUser"
        profile = (own.get("seccompProfile") or of_pod.get("seccompProfile") or {}).get("type")
        if profile not in ("RuntimeDefault", "Localhost"):
            yield f"{name}: seccompProfile"
        if any(port.get("hostPort") for port in container.get("ports") or ()):
            yield f"{name}: hostPort"
