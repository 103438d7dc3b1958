"""A bootstrap as a person watches it: every check, then every change, then what to do next."""

from rich.console import Console

from bootstrap import cluster, plan, repository
from bootstrap.identity import Kubectl, require_answer, require_cluster, require_programs
from bootstrap.plan import Step
from bootstrap.problems import InterruptedBootstrapError, NotReadyError
from bootstrap.programs import CommandFailedError, output, shown
from environments.names import ARGOCD_NAMESPACE, Names
from environments.spec import Environment


def bootstrap(env: Environment, *, context: str | None, dry_run: bool, console: Console) -> None:
    """Install Argo CD and hand over to it; with `dry_run`, show the commands and change nothing.

    Raises:
        NotReadyError: something is missing or wrong; nothing was changed.
        InterruptedBootstrapError: a change failed; the same command goes on from there.
    """
    names = Names(env)
    kubectl, steps = _checked(names, context=context, console=console)
    if not steps:
        _say(console, "already bootstrapped: Argo CD runs and manages itself; nothing to do")
    elif dry_run:
        _say(console, "would run, in this order:")
        for step in steps:
            _say(console, f"{shown(step.command)}", indent="")
        return
    for step in steps:
        _take(step, console)
    _tell_what_is_next(names, kubectl, console)


def _checked(
    names: Names, *, context: str | None, console: Console
) -> tuple[Kubectl, tuple[Step, ...]]:
    """What to do, once all is as it should be."""
    with console.status("looking, changing nothing"):
        require_programs(names)
        kubectl = require_cluster(names, context=context)
        _say(
            console,
            f"{names.cluster} of account {names.env.account.id} is where {kubectl.context} leads",
        )
        version, warnings = require_answer(names, kubectl)
        _say(console, f"it answers, Kubernetes {version}")
        problems = list(cluster.problems(names, kubectl))
        try:
            installation = plan.build(names)
        except NotReadyError as error:
            raise NotReadyError(*problems, *error.problems) from None
        if problems:
            raise NotReadyError(*problems)
        _say(console, "you may install, nodes are ready, add-ons are there")
        for warning in (*warnings, *repository.warnings(names)):
            _say(console, f"warning: {warning}", style="yellow")
        try:
            if cluster.already_running(names, kubectl, installation.workloads):
                return kubectl, ()
        except CommandFailedError as error:
            raise NotReadyError(str(error)) from None
        kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(installation.objects.items()))
        _say(console, f"the installation builds: {kinds}")
        return kubectl, tuple(plan.steps(names, kubectl, installation))


def _take(step: Step, console: Console) -> None:
    try:
        with console.status(step.purpose):
            output(step.command, seconds=None)
    except CommandFailedError as error:
        raise InterruptedBootstrapError(
            f"{error}. What was done before it stays; when the cause is mended, run the same command "
            f"again. `kubectl -n {ARGOCD_NAMESPACE} get pods,events` may show the cause"
        ) from None
    _say(console, f"done: {step.purpose}")


def _tell_what_is_next(names: Names, kubectl: Kubectl, console: Console) -> None:
    here = kubectl.command("--namespace", ARGOCD_NAMESPACE)
    _say(console, "next (docs/first-day.md):", indent="")
    _say(console, "if the repository is private, give Argo CD a credential for it")
    for window in names.env.sync_windows:
        _say(
            console,
            f"mind the sync window: {window.kind} for {window.duration_hours} hours from "
            f"{window.schedule!r} ({window.time_zone}); while it forbids syncs, a person starts them",
        )
    _say(console, f"watch the first sync: {shown((*here, 'get', 'applications', '--watch'))}")
    forward = (*here, "port-forward", "service/argocd-server", "8443:443")
    _say(console, f"look at it, as admin at https://localhost:8443: {shown(forward)}")


def _say(console: Console, line: str, *, indent: str = "  ", style: str | None = None) -> None:
    # The terminal wraps, so that a command can be copied whole.
    console.print(indent + line, style=style, highlight=False, markup=False, soft_wrap=True)
