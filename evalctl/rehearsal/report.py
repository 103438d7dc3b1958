"""Rehearses an environment with a progress line for each step, and tables of checks and times at the end."""

import asyncio
import contextlib
import json
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from environments.names import Stack
from environments.spec import Environment
from evalctl.processes import CommandFailedError
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.control_plane import choose_address
from evalctl.rehearsal.cluster.half import Setup, aws_without_stacks, rehearse_cluster
from evalctl.rehearsal.cluster.programs import Programs
from evalctl.rehearsal.cluster.result import Result
from evalctl.rehearsal.cluster.served.problem import NotServedError
from evalctl.rehearsal.cluster.state import API_ERRORS
from evalctl.rehearsal.emulator import EmulatedAws, NotOnLoopbackError
from evalctl.rehearsal.halves import Half
from evalctl.rehearsal.rehearse import rehearse
from evalctl.rehearsal.terraform import TerraformError
from evalctl.servers import NotStartedError

# Stacks are applied in parallel, so one failure arrives in a group.
FAILURES = (
    *API_ERRORS,
    CommandFailedError,
    ExceptionGroup,
    NotOnLoopbackError,
    NotServedError,
    NotStartedError,
    TerraformError,
)
_PHASES = ("apply", "plan", "destroy")


@dataclass
class Report:
    """Prints what happens, and keeps it for the tables at the end."""

    console: Console
    started: float = field(default_factory=time.monotonic)
    results: list[Result] = field(default_factory=list)
    ended: list[float] = field(
        default_factory=list
    )  # seconds from the start to the end of each check
    errors: list[str] = field(default_factory=list)  # what ended the rehearsal early
    kept: bool = False  # the checks are done, and the cluster stays until Ctrl-C
    seconds: dict[Stack, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def failed(self) -> list[Result]:
        return [found for found in self.results if not found.passed]

    @property
    def _elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def stack(self, phase: str, stack: Stack, seconds: float) -> None:
        """A phase of a stack has ended."""
        self.seconds[stack][phase] = seconds
        self._print(f"{phase:8} {stack:11} {seconds:6.1f} s")

    def step(self, what: str, seconds: float) -> None:
        self._print(f"{what} {seconds:.1f} s")

    def note(self, line: str) -> None:
        self._print(f"instead of production: {line}")

    def result(self, found: Result) -> None:
        self.results.append(found)
        self.ended.append(self._elapsed)
        style = "green" if found.passed else "red"
        self.console.print(
            f"  {self._elapsed:4.0f} s  {'passed' if found.passed else 'FAILED'}  {found.check}: {found.evidence}",
            style=style,
            highlight=False,
            markup=False,
            soft_wrap=True,
        )

    def interrupted(self) -> None:
        """A signal ended the rehearsal, which is how a kept cluster ends."""
        if not self.kept:
            self.errors.append("The rehearsal was interrupted before its end.")

    def json(self, env: Environment) -> str:
        """The results and times for other programs."""
        return json.dumps(
            {
                "environment": env.name,
                "passed": not (self.failed or self.errors),
                "errors": self.errors,
                "seconds": round(self._elapsed, 1),
                "checks": [
                    asdict(found) | {"ended_after_seconds": round(ended, 1)}
                    for found, ended in zip(self.results, self.ended, strict=True)
                ],
                "stacks": {
                    stack: {phase: round(taken, 1) for phase, taken in phases.items()}
                    for stack, phases in self.seconds.items()
                },
            },
            indent=2,
        )

    def print_tables(self, env: Environment) -> None:
        if self.results:
            self.console.print(self._checks(env))
        if self.seconds:
            self.console.print(self._times(env))

    def _print(self, line: str) -> None:
        self.console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)

    def _checks(self, env: Environment) -> Table:
        table = Table(title=f"{env.name}, checks", show_edge=False)
        for column in ("check", "", "evidence"):
            table.add_column(column)
        for found in self.results:
            shown = found.evidence.partition("\n")[0]
            table.add_row(found.check, "passed" if found.passed else "FAILED", shown)
        return table

    def _times(self, env: Environment) -> Table:
        table = Table(title=f"{env.name}, seconds", show_edge=False)
        table.add_column("stack")
        for phase in _PHASES:
            table.add_column(phase, justify="right")
        for stack in Stack:
            row = (self.seconds[stack].get(phase) for phase in _PHASES)
            table.add_row(stack, *("" if taken is None else f"{taken:.0f}" for taken in row))
        return table


async def run(
    env: Environment,
    *,
    checkout: Path,
    programs: Programs | None,
    only: Half | None,
    full: bool,
    keep: bool,
    report: Report,
) -> None:
    """Rehearse an environment; without `programs`, only its AWS half.

    Raises:
        One of FAILURES; `messages` describes it.
    """
    rendered = checkout / "rendered"
    if programs is None:
        await rehearse(env, rendered=rendered, progress=report.stack, found=report.result)
        return

    async def kept(cluster: Cluster) -> None:
        report.kept = True
        report.console.print(
            f"The cluster stays until Ctrl-C. In another terminal:\n"
            f"  export KUBECONFIG={cluster.plane.kubeconfig}\n  kubectl get applications -n argocd",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        await asyncio.Event().wait()

    with tempfile.TemporaryDirectory(prefix="rehearsal-") as scratch:
        folder = Path(scratch)
        setup = Setup(
            env=env,
            checkout=checkout,
            programs=programs,
            folder=folder,
            address=choose_address(folder),
            full=full,
        )

        async def cluster_half(aws: EmulatedAws, deployed: asyncio.Event | None = None) -> None:
            await rehearse_cluster(
                setup, aws=aws, events=report, deployed=deployed, kept=kept if keep else None
            )

        if only is Half.CLUSTER:
            async with aws_without_stacks(setup) as aws:
                await cluster_half(aws)
        else:
            await rehearse(
                env,
                rendered=rendered,
                progress=report.stack,
                found=report.result,
                eks_endpoint=setup.address.url,
                cluster_half=cluster_half,
            )


def messages(error: BaseException) -> list[str]:
    """The distinct messages in a group: a stack that waits for a failed one fails with its message."""
    if isinstance(error, BaseExceptionGroup):
        return list(dict.fromkeys(text for inner in error.exceptions for text in messages(inner)))
    if isinstance(error, API_ERRORS):
        # lightkube's message lacks the request, and that of a timeout is empty.
        with contextlib.suppress(RuntimeError):  # it has no request
            request = error.request
            return [f"{request.method} {request.url} failed: {str(error) or type(error).__name__}"]
    return [str(error) or type(error).__name__]
