"""A sync by hand of what differs from Git, for example while a sync window forbids Argo CD to do it."""

import json
import math
import time
from collections.abc import Collection, Mapping, Sequence

from rich.console import Console

from environments.names import Names
from environments.spec import Environment
from evalctl.lifecycle.applications import APPLICATIONS, IN_ARGOCD, REFRESH, Application, read
from evalctl.lifecycle.identity import (
    Kubectl,
    require_account,
    require_answer,
    require_cluster,
    require_programs,
)
from evalctl.lifecycle.problems import NotReadyError, StoppedHalfwayError
from evalctl.lifecycle.steps import report
from evalctl.processes import CommandFailedError, output

_ROUND_SECONDS = 3
_AGAIN_SECONDS = 15  # after a sync Argo CD compares again; before that its old answer stands


def sync(
    env: Environment,
    *,
    only: Collection[str],
    context: str | None,
    minutes: int,
    console: Console,
) -> None:
    """Compare Applications with Git and sync what differs, until all are Synced and Healthy.

    `only` names them, and then each is synced once although it equals Git. Empty, it means all but previews, and
    those that a sync makes are synced too: a first sync.

    Raises:
        NotReadyError: something is missing or wrong; nothing was changed.
        StoppedHalfwayError: a sync failed, or the time is over; the same command continues from there.
    """
    names = Names(env)
    with console.status("checking; nothing is changed"):
        require_programs(names)
        require_account(names)
        kubectl = require_cluster(names, context=context)
        require_answer(names, kubectl)
        try:
            there = {each.name for each in read(kubectl)}
        except CommandFailedError as error:
            raise NotReadyError(f"Argo CD's Applications cannot be read: {error.reason}") from None
    if names.argocd_root not in there:
        raise NotReadyError(
            f"{names.cluster} has no Application {names.argocd_root}: run `evalctl bootstrap {env.name}`"
        )
    if missing := sorted(set(only) - there):
        raise NotReadyError(
            *(
                f"There is no Application {each}; there are {', '.join(sorted(there))}"
                for each in missing
            )
        )
    try:
        _refresh(kubectl, sorted(only or there))
        _until_done(kubectl, only, root=names.argocd_root, minutes=minutes, console=console)
    except CommandFailedError as error:
        raise StoppedHalfwayError(f"{error}. Run the same command again") from None


def _until_done(
    kubectl: Kubectl, only: Collection[str], *, root: str, minutes: int, console: Console
) -> None:
    deadline = time.monotonic() + minutes * 60
    started: dict[str, float] = {}
    reported: set[str] = set()
    with console.status("waiting for Argo CD") as status:
        while True:
            found = [
                each for each in read(kubectl) if (each.name in only if only else not each.preview)
            ]
            if gone := sorted(set(only or [root]) - {each.name for each in found}):
                raise StoppedHalfwayError(f"Somebody deleted {', '.join(gone)} meanwhile")
            # Those that are named are synced although they equal Git: a sync runs their Jobs.
            acted = {
                each.name
                for each in found
                if _act(kubectl, each, started, console, always=bool(only))
            }
            left = [each for each in found if each.name in acted or not each.done]
            for each in found:
                if each not in left and each.name not in reported:
                    reported.add(each.name)
                    report(console, str(each))
            if not left:
                return
            status.update(f"{len(left)} of {len(found)}: {left[0]}")
            if time.monotonic() > deadline:
                lines = "; ".join(f"{each}: {each.reason}" for each in left)
                raise StoppedHalfwayError(
                    f"Not done after {minutes} minutes: {lines}. Remove the cause, then run the same command again"
                )
            time.sleep(_ROUND_SECONDS)


def _act(
    kubectl: Kubectl,
    application: Application,
    started: dict[str, float],
    console: Console,
    *,
    always: bool,
) -> bool:
    """Start the sync of an Application that needs one; end an automated one that a window blocks.

    Raises:
        StoppedHalfwayError: the sync that was started has failed.
    """
    name, began = application.name, started.get(application.name, -math.inf)
    if application.refreshing:
        return False
    if name in started and not application.busy and application.phase in ("Failed", "Error"):
        raise StoppedHalfwayError(
            f"The sync of {name} failed: {application.message}. Remove the cause, then run the same command again"
        )
    needed = application.sync == "OutOfSync" or (always and name not in started)
    if not (needed or application.blocked):
        return False
    if application.blocked:
        # Argo CD 3.5 does not terminate it.
        _patch(kubectl, application, {"operation": None, "status": {"operationState": None}})
    elif application.busy or time.monotonic() - began < _AGAIN_SECONDS:
        return False
    report(console, f"sync {name}")
    started[name] = time.monotonic()
    # The controller takes these from the operation only: without ServerSideApply a field that left Git stays
    # in the cluster, and without `prune` an object.
    operation: dict[str, object] = {
        "initiatedBy": {"username": "evalctl"},
        "sync": {"syncOptions": list(application.options), "prune": application.prune},
    }
    if application.retry is not None:
        operation["retry"] = application.retry
    _patch(kubectl, application, {"operation": operation})
    return True


def _refresh(kubectl: Kubectl, applications: Sequence[str]) -> None:
    """Let Argo CD compare Applications with Git's newest commit; it removes the annotation then."""
    things = ("annotate", APPLICATIONS, *applications, *IN_ARGOCD)
    output(kubectl.read(*things, "--overwrite", f"{REFRESH}=normal"))


def _patch(kubectl: Kubectl, application: Application, change: Mapping[str, object]) -> None:
    thing = (APPLICATIONS, application.name, *IN_ARGOCD)
    output(kubectl.read("patch", *thing, "--type=merge", f"--patch={json.dumps(change)}"))
