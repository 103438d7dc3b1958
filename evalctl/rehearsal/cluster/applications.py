"""Argo CD's Applications as they are at a moment, and as they were on the way there."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lightkube import AsyncClient
from lightkube.generic_resource import create_namespaced_resource

from environments.names import ARGOCD_NAMESPACE
from evalctl.rehearsal.cluster.state import API_ERRORS, Described, annotation

Application = create_namespaced_resource("argoproj.io", "v1alpha1", "Application", "applications")
Project = create_namespaced_resource("argoproj.io", "v1alpha1", "AppProject", "appprojects")
_ROUND_SECONDS = 1
_WAVE = "argocd.argoproj.io/sync-wave"
_TRACKING = "argocd.argoproj.io/tracking-id"  # as in `worker:apps/Deployment:eval-platform/worker`


@dataclass(frozen=True, kw_only=True)
class ApplicationState:
    """What Argo CD reports of one Application."""

    name: str
    wave: int
    sync: str
    health: str
    phase: str  # of its last operation
    retries: int  # of its last operation
    finished: str  # when its last operation ended
    message: str
    revision: str

    def __str__(self) -> str:
        phase = self.phase or "not synced"
        return f"{self.name} is {self.sync} and {self.health}, {phase}: {self.message}"

    @property
    def settled(self) -> bool:
        return self.sync == "Synced" and self.health == "Healthy" and self.phase == "Succeeded"


@dataclass
class Watched:
    """The Applications during a sync: when each settled, and each attempt that failed."""

    started: float = field(default_factory=time.monotonic)
    states: dict[str, ApplicationState] = field(default_factory=dict)
    settled_after: dict[str, float] = field(default_factory=dict)
    failed_attempts: dict[str, None] = field(default_factory=dict)  # in order, each once

    def add(self, states: Mapping[str, ApplicationState]) -> list[str]:
        """Take note of a moment; returns the Applications that settled since the last."""
        after = time.monotonic() - self.started
        self.states = dict(states)
        new = [name for name, state in states.items() if state.settled]
        new = [name for name in new if name not in self.settled_after]
        self.settled_after.update(dict.fromkeys(new, after))
        for name, state in states.items():
            if state.phase in ("Failed", "Error") or state.retries:
                self.failed_attempts[f"{name}: {state.message}"] = None
        return new


class NotSettledError(Exception):
    """Applications are not Synced and Healthy in time; the message lists them."""


async def read(client: AsyncClient) -> dict[str, ApplicationState]:
    """All Applications by name."""
    return {state.name: state async for state in _states(client)}


async def settled(
    client: AsyncClient,
    expected: frozenset[str],
    *,
    seconds: float,
    progress: Callable[[ApplicationState, float], None],
) -> Watched:
    """Wait until all expected Applications are settled.

    Raises:
        NotSettledError: they are not in time.
    """
    watched = Watched()
    deadline = time.monotonic() + seconds
    while True:
        try:
            states = await read(client)
        except API_ERRORS:
            states = watched.states  # the API server restarts, or the definition is not there yet
        for name in watched.add(states):
            progress(states[name], watched.settled_after[name])
        if expected <= states.keys() and all(state.settled for state in states.values()):
            return watched
        if time.monotonic() > deadline:
            waiting = [str(state) for state in states.values() if not state.settled]
            missing = [f"{name} is missing" for name in sorted(expected - states.keys())]
            raise NotSettledError("\n".join([*waiting, *missing]))
        await asyncio.sleep(_ROUND_SECONDS)


async def project_of(client: AsyncClient, name: str) -> Mapping[str, Any]:
    """The specification of an Application's project."""
    application = await client.get(Application, name, namespace=ARGOCD_NAMESPACE)
    project = await client.get(Project, application["spec"]["project"], namespace=ARGOCD_NAMESPACE)
    specification: Mapping[str, Any] = project["spec"]
    return specification


async def _states(client: AsyncClient) -> AsyncIterator[ApplicationState]:
    async for application in client.list(Application, namespace=ARGOCD_NAMESPACE):
        yield state_of(dict(application))


def state_of(application: Mapping[str, Any]) -> ApplicationState:
    """The state in an Application's status; empty texts where Argo CD has not written yet."""
    status = application.get("status", {})
    operation = status.get("operationState", {})
    sync = status.get("sync", {})
    chart = "chart" in application.get("spec", {}).get("source", {})
    conditions = "; ".join(condition["message"] for condition in status.get("conditions", []))
    return ApplicationState(
        name=application["metadata"]["name"],
        wave=int(application["metadata"].get("annotations", {}).get(_WAVE, "0")),
        sync=sync.get("status", ""),
        health=status.get("health", {}).get("status", ""),
        phase=operation.get("phase", ""),
        retries=int(operation.get("retryCount", 0)),
        finished=operation.get("finishedAt", ""),
        message=operation.get("message", "") or conditions,
        revision="" if chart else sync.get("revision", ""),
    )


def application_of(item: Described) -> str:
    """The name of the Application that syncs an object; empty if none does."""
    return (annotation(item, _TRACKING) or "").partition(":")[0]
