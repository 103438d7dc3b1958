"""A bootstrap as a person watches it: every check, then every change, then what to do next."""

from rich.console import Console

from environments.names import ARGOCD_NAMESPACE, Names
from environments.spec import Environment
from evalctl.lifecycle import bootstrap_commands as plan
from evalctl.lifecycle import cluster, repository
from evalctl.lifecycle.identity import (
    Kubectl,
    require_account,
    require_answer,
    require_cluster,
    require_programs,
)
from evalctl.lifecycle.problems import NotReadyError
from evalctl.lifecycle.steps import Step, say, show, take
from evalctl.processes import CommandFailedError, shown

_LOOK = f"`kubectl -n {ARGOCD_NAMESPACE} get pods,events` may show the cause"


def bootstrap(env: Environment, *, context: str | None, dry_run: bool, console: Console) -> None:
    """Install Argo CD and hand over to it; with `dry_run`, show the commands and change nothing.

    Raises:
        NotReadyError: something is missing or wrong; nothing was changed.
        StoppedHalfwayError: a change failed; the same command goes on from there.
    """
    names = Names(env)
    kubectl, steps = _checked(names, context=context, console=console)
    if not steps:
        say(console, "already bootstrapped: Argo CD runs and manages itself; nothing to do")
    elif dry_run:
        show(console, *steps)
        return
    for step in steps:
        take(step, console, look=_LOOK)
    _tell_what_is_next(names, kubectl, console)


def _checked(
    names: Names, *, context: str | None, console: Console
) -> tuple[Kubectl, tuple[Step, ...]]:
    """What to do, once all is as it should be."""
    with console.status("looking, changing nothing"):
        require_programs(names)
        require_account(names)
        kubectl = require_cluster(names, context=context)
        say(
            console,
            f"{names.cluster} of account {names.env.account.id} is where {kubectl.context} leads",
        )
        version, warnings = require_answer(names, kubectl)
        say(console, f"it answers, Kubernetes {version}")
        problems = list(cluster.problems(names, kubectl))
        try:
            installation = plan.build(names)
        except NotReadyError as error:
            raise NotReadyError(*problems, *error.problems) from None
        if problems:
            raise NotReadyError(*problems)
        say(console, "you may install, nodes are ready, add-ons are there")
        for warning in (*warnings, *repository.warnings(names)):
            say(console, f"warning: {warning}", style="yellow")
        try:
            if cluster.already_running(names, kubectl, installation.workloads):
                return kubectl, ()
        except CommandFailedError as error:
            raise NotReadyError(str(error)) from None
        kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(installation.objects.items()))
        say(console, f"the installation builds: {kinds}")
        return kubectl, tuple(plan.steps(names, kubectl, installation))


def _tell_what_is_next(names: Names, kubectl: Kubectl, console: Console) -> None:
    here = kubectl.command("--namespace", ARGOCD_NAMESPACE)
    say(console, "next (docs/first-day.md):", indent="")
    say(console, "if the repository is private, give Argo CD a credential for it")
    for window in names.env.sync_windows:
        say(
            console,
            f"mind the sync window: {window.kind} for {window.duration_hours} hours from "
            f"{window.schedule!r} ({window.time_zone}); while it forbids syncs, a person starts them",
        )
    say(console, f"watch the first sync: {shown((*here, 'get', 'applications', '--watch'))}")
    forward = (*here, "port-forward", "service/argocd-server", "8443:443")
    say(console, f"look at it, as admin at https://localhost:8443: {shown(forward)}")
