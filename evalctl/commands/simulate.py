"""`evalctl simulate`: how the workers follow a burst of jobs, on a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from environments.names import Names
from evalctl import checkout
from evalctl.options import KnownEnv
from evalctl.terminal import console, fail
from evalctl.values import known_environments, one_environment

if TYPE_CHECKING:
    from evalctl.simulation.simulation import Outcome


def command(
    env: KnownEnv,
    *,
    burst: Annotated[
        int, typer.Option(metavar="JOBS", min=1, max=100_000, help="How many jobs arrive.")
    ] = 10_000,
    over: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0, help="They arrive evenly over this time."),
    ] = 0,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the random times and failures.")] = 1,
    unfinished_jobs_per_replica: Annotated[
        int | None,
        typer.Option(
            "--per-worker", metavar="N", min=1, help="Jobs, instead of the environment's."
        ),
    ] = None,
    job_concurrency: Annotated[
        int | None,
        typer.Option(
            "--jobs-at-once", metavar="N", min=1, help="In a worker, instead of the environment's."
        ),
    ] = None,
    waiting_only: Annotated[
        bool,
        typer.Option("--waiting-only", help="As if the metric counted no jobs that run."),
    ] = False,
    reclaims_per_node_hour: Annotated[
        float | None,
        typer.Option("--reclaims", metavar="N", min=0, help="Of a node, by EC2, in an hour."),
    ] = None,
    variants: Annotated[
        bool,
        typer.Option(
            "--variants",
            help="Instead of one burst: several, also with other values of the autoscaler.",
        ),
    ] = False,
    chart: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Also draw it.", dir_okay=False)
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="TRACE.json",
            help="Compare the model of the autoscaler with a trace of `evalctl rehearse --full`.",
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Simulate a burst of jobs: how fast it drains, what it costs, how many workers there are.

    It reads the rendered autoscaler, limits and drain of the workers, and runs the same burst twice: as it is
    rendered, and with an autoscaler that reads CPU only. The numbers that no value has, such as the seconds of a
    call, are printed; each is an assumption. Nothing leaves the machine.

    Example: evalctl simulate prod --burst 500 --chart burst.svg
    """
    import dataclasses

    from evalctl.simulation import report
    from evalctl.simulation import variants as tried
    from evalctl.simulation.assumptions import Assumptions
    from evalctl.simulation.settings import NotRenderedError, read
    from evalctl.simulation.simulation import Burst, NotDrainedError, simulate, without_queue

    environment = one_environment(known_environments(), env)
    if against is not None:
        _compare(against)
        return
    try:
        settings = read(Names(environment), checkout=checkout.root())
    except NotRenderedError as error:
        fail(f"{env} was not simulated.", str(error))
    spec = settings.autoscaler
    if unfinished_jobs_per_replica is not None:
        spec = dataclasses.replace(spec, unfinished_jobs_per_replica=unfinished_jobs_per_replica)
    settings = dataclasses.replace(
        settings,
        autoscaler=spec,
        count_running=settings.count_running and not waiting_only,
        job_concurrency=job_concurrency or settings.job_concurrency,
    )
    assumed = Assumptions()
    if reclaims_per_node_hour is not None:
        assumed = dataclasses.replace(assumed, reclaims_per_node_hour=reclaims_per_node_hour)
    jobs = Burst(jobs=burst, over_seconds=over, seed=seed)
    outcomes: dict[str, Outcome] = {}
    try:
        if variants:
            total = len(tried.variants(settings)) * len(tried.BURSTS)
            with report.progress(console, "bursts done", total) as done:
                rows = dict(tried.outcomes(settings, seed=seed, assumed=assumed, progress=done))
            console.print(report.variants(tried.BURSTS, rows))
            console.print(report.assumptions(settings, assumed), highlight=False, soft_wrap=True)
            return
        with report.progress(console, "jobs done", 2 * burst) as done:
            outcomes["as rendered"] = simulate(settings, jobs, assumed=assumed, progress=done)
            outcomes["by CPU only"] = simulate(
                without_queue(settings),
                jobs,
                assumed=assumed,
                progress=lambda count: done(burst + count),
            )
    except NotDrainedError as error:
        fail(f"The burst on {env} was not simulated to its end.", str(error))
    console.print(report.table(outcomes))
    console.print(report.assumptions(settings, assumed), highlight=False, soft_wrap=True)
    if chart is not None:
        chart.write_text(report.picture(outcomes), encoding="utf-8")
        console.print(f"  {chart}", highlight=False)


def _compare(path: Path) -> None:
    from evalctl.autoscaler_trace import UnreadableTraceError, read
    from evalctl.simulation import report
    from evalctl.simulation.autoscaler_spec import UnreadableAutoscalerError
    from evalctl.simulation.comparison import compare

    try:
        trace = read(path)
        found = compare(trace)
    except (UnreadableTraceError, UnreadableAutoscalerError) as error:
        fail("Nothing was compared.", str(error))
    console.print(report.comparison(found))
    if not found.agrees:
        fail(f"The model does not follow the autoscaler of {path} ({trace.made_by}).")
    console.print(
        f"The model makes the {len(found.real)} changes of the real autoscaler, each within {found.worst_seconds:.1f} s "
        f"({trace.made_by}).",
        highlight=False,
        soft_wrap=True,
    )
