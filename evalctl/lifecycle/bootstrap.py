"""A bootstrap: all checks, then the commands that change the cluster, then what to do next."""

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import Console

from environments.names import ARGOCD_NAMESPACE, Names
from environments.spec import Environment
from evalctl.lifecycle import bootstrap_commands, charts, cluster, repository
from evalctl.lifecycle.identity import (
    Kubectl,
    require_account,
    require_answer,
    require_cluster,
    require_programs,
)
from evalctl.lifecycle.problems import NotReadyError
from evalctl.lifecycle.steps import Step, print_commands, report, run_step
from evalctl.lifecycle.sync_windows import closed_until
from evalctl.processes import CommandFailedError, shown
from evalctl.rendered_charts import rendered_charts

_HINT = f"`kubectl -n {ARGOCD_NAMESPACE} get pods,events` may show the cause"


def bootstrap(env: Environment, *, context: str | None, dry_run: bool, console: Console) -> None:
    """Install Argo CD and its root Application; with `dry_run`, only print the commands.

    Raises:
        NotReadyError: something is missing or wrong; nothing was changed.
        StoppedHalfwayError: a change failed; the same command continues from there.
    """
    names = Names(env)
    kubectl, steps = _checked(names, context=context, console=console)
    if not steps:
        report(console, "already bootstrapped: Argo CD runs and manages itself; nothing to do")
    elif dry_run:
        print_commands(console, *steps)
        return
    for step in steps:
        run_step(step, console, hint=_HINT)
    report(console, "next (docs/first-day.md):", indent="")
    for line in next_steps(names, kubectl, now=datetime.now(UTC)):
        report(console, line)


def _checked(
    names: Names, *, context: str | None, console: Console
) -> tuple[Kubectl, tuple[Step, ...]]:
    """The cluster, and the steps to take when all checks have passed."""
    with console.status("checking; nothing is changed"):
        require_programs(names)
        require_account(names)
        kubectl = require_cluster(names, context=context)
        report(
            console,
            f"the context {kubectl.context} leads to {names.cluster} of account {names.env.account.id}",
        )
        version, warnings = require_answer(names, kubectl)
        report(console, f"the API answers: Kubernetes {version}")
        problems = [
            *cluster.problems(names, kubectl),
            *charts.problems(rendered_charts(names)),
        ]
        try:
            installation = bootstrap_commands.build(names)
        except NotReadyError as error:
            raise NotReadyError(*problems, *error.problems) from None
        if problems:
            raise NotReadyError(*problems)
        report(console, "permissions, nodes, EKS add-ons and charts are in place")
        for warning in (*warnings, *repository.warnings(names)):
            report(console, f"warning: {warning}", style="yellow")
        try:
            if cluster.already_running(names, kubectl, installation.workloads):
                return kubectl, ()
        except CommandFailedError as error:
            raise NotReadyError(str(error)) from None
        kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(installation.objects.items()))
        report(console, f"the installation is built: {kinds}")
        return kubectl, tuple(bootstrap_commands.steps(names, kubectl, installation))


def next_steps(names: Names, kubectl: Kubectl, *, now: datetime) -> Iterator[str]:
    """What a person does after a bootstrap, one line for each."""
    here = kubectl.command("--namespace", ARGOCD_NAMESPACE)
    yield "if the repository is private, give Argo CD a credential for it"
    if (until := closed_until(names.env.sync_windows, now)) is not None:
        by_hand = shown(("evalctl", "sync", names.env.name, "--context", kubectl.context))
        yield (
            f"Argo CD syncs nothing by itself until {until:%A, %d %B %Y, %H:%M} ({until.tzinfo}): sync_windows in "
            f"environments/{names.env.name}.py. Wait for it, or sync by hand: {by_hand}"
        )
    yield f"watch the first sync: {shown((*here, 'get', 'applications', '--watch'))}"
    forward = (*here, "port-forward", "service/argocd-server", "8443:443")
    yield f"open Argo CD, as admin at https://localhost:8443: {shown(forward)}"
