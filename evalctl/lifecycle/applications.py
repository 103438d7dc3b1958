"""Argo CD's Applications, as kubectl reads them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from environments.names import ARGOCD_NAMESPACE
from evalctl.lifecycle.identity import Kubectl
from evalctl.processes import json_output

APPLICATIONS = "applications.argoproj.io"  # the full name: other APIs define applications too
IN_ARGOCD = ("--namespace", ARGOCD_NAMESPACE)
REFRESH = "argocd.argoproj.io/refresh"
# Argo CD gives no other sign of it (3.5, appcontroller.go, `processRequestedAppOperation`).
_BLOCKED = "blocked by sync window"


@dataclass(frozen=True, kw_only=True)
class Application:
    """One Application, as Argo CD reports it."""

    name: str
    preview: bool  # an ApplicationSet made it
    sync: str
    health: str
    phase: str  # of its last operation
    message: str
    errors: tuple[str, ...]  # for example why it cannot be compared
    requested: bool  # an operation waits for the controller
    refreshing: bool
    options: tuple[str, ...]
    prune: bool
    retry: Mapping[str, Any] | None

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Self:
        metadata, status = manifest["metadata"], manifest.get("status", {})
        operation = status.get("operationState", {})
        policy = manifest["spec"].get("syncPolicy", {})
        return cls(
            name=metadata["name"],
            preview=any(
                owner["kind"] == "ApplicationSet" for owner in metadata.get("ownerReferences", ())
            ),
            sync=status.get("sync", {}).get("status", ""),
            health=status.get("health", {}).get("status", ""),
            phase=operation.get("phase", ""),
            message=operation.get("message", ""),
            errors=tuple(
                each["message"]
                for each in status.get("conditions", ())
                if each["type"].endswith("Error")
            ),
            requested="operation" in manifest,
            refreshing=REFRESH in metadata.get("annotations", {}),
            options=tuple(policy.get("syncOptions", ())),
            prune=policy.get("automated", {}).get("prune", False),
            retry=policy.get("retry"),
        )

    def __str__(self) -> str:
        if self.refreshing:
            return f"{self.name} waits for Argo CD to compare it"
        return f"{self.name} is {self.sync or 'not compared'} and {self.health or 'unknown'}"

    @property
    def reason(self) -> str:
        """Why it is not done, as far as Argo CD reports it."""
        return "; ".join(self.errors) or self.message or "Argo CD reports no reason"

    @property
    def done(self) -> bool:
        in_order = self.sync == "Synced" and self.health == "Healthy"
        return in_order and not self.busy and not self.refreshing

    @property
    def busy(self) -> bool:
        return self.requested or self.phase == "Running"

    @property
    def blocked(self) -> bool:
        return self.phase == "Running" and _BLOCKED in self.message


def read(kubectl: Kubectl) -> Iterator[Application]:
    """All Applications.

    Raises:
        CommandFailedError: the cluster does not answer.
    """
    found = json_output(kubectl.read("get", APPLICATIONS, *IN_ARGOCD, "--output=json"))
    items = found.get("items")
    assert isinstance(items, list)
    yield from map(Application.of, items)
