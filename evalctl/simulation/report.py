"""What a simulation prints and draws."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from evalctl.simulation.assumptions import Assumptions
from evalctl.simulation.comparison import Comparison
from evalctl.simulation.settings import Settings
from evalctl.simulation.simulation import Burst, Outcome
from evalctl.step_chart import Line, Panel, drawn


@contextmanager
def progress(console: Console, what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar of what is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.update(task, completed=count)


def table(outcomes: Mapping[str, Outcome]) -> Table:
    """One column for each way to scale."""
    result = Table(show_edge=False, pad_edge=False)
    result.add_column("", no_wrap=True)
    for name in outcomes:
        result.add_column(name, justify="right", no_wrap=True)
    rows: tuple[tuple[str, Callable[[Outcome], str]], ...] = (
        ("all jobs done after", lambda found: _time(found.drained_seconds)),
        ("longest wait of a job", lambda found: _time(found.longest_wait_seconds)),
        ("most workers", lambda found: str(found.most_workers)),
        ("reached after", lambda found: _time(found.at_maximum_seconds or 0)),
        ("most nodes", lambda found: str(found.most_nodes)),
        ("at the minimum again after", lambda found: _time(found.back_seconds)),
        ("dollars of spot nodes until then", lambda found: _usd(found.usd)),
        ("jobs run twice", lambda found: str(found.jobs_run_twice)),
        ("jobs that failed", lambda found: str(found.jobs_failed)),
        ("calls that a limit refused", lambda found: str(found.calls_refused)),
        ("nodes that EC2 took back", lambda found: str(found.reclaimed_nodes)),
    )
    for name, cell in rows:
        result.add_row(name, *map(cell, outcomes.values()))
    return result


def variants(bursts: Sequence[Burst], outcomes: Mapping[str, Sequence[Outcome]]) -> Table:
    """One row for each variant, one column for each burst."""
    result = Table(show_edge=False, pad_edge=False)
    result.add_column("done after, longest wait, dollars", no_wrap=True)
    for burst in bursts:
        over = f" in {burst.over_seconds / 60:g} min" if burst.over_seconds else ""
        result.add_column(f"{burst.jobs} jobs{over}", justify="right", no_wrap=True)
    for name, found in outcomes.items():
        cells = (
            f"{each.drained_seconds:.0f} s, {each.longest_wait_seconds:.0f} s, {_usd(each.usd)}"
            for each in found
        )
        result.add_row(name, *cells)
    return result


def assumptions(settings: Settings, assumed: Assumptions) -> str:
    """What the numbers rest on, for a reader of the table."""
    rules, pool = settings.rules, settings.pool
    return (
        f"From rendered/: {settings.autoscaler.min_replicas} to {settings.autoscaler.max_replicas} workers, "
        f"one for each {settings.autoscaler.unfinished_jobs_per_replica} jobs that "
        f"{'wait or run' if settings.count_running else 'wait'}, {settings.job_concurrency} jobs at once, "
        f"{rules.requests_per_minute} requests and {rules.tokens_per_minute} tokens a minute for each worker.\n"
        f"Assumed: a job calls its agent ({assumed.agent_seconds:g} s) and makes {assumed.calls_per_job} calls of "
        f"{assumed.call_seconds:g} s and {assumed.tokens_per_call} tokens, of which {assumed.failed_calls:.1%} fail; a job "
        f"uses {assumed.cpu_millicores_per_job}m of CPU; a node starts in {pool.start_seconds:g} s and pulls the image in "
        f"{assumed.image_pull_seconds:g} s; EC2 takes back {assumed.reclaims_per_node_hour:g} of a node an hour."
    )


def picture(outcomes: Mapping[str, Outcome]) -> str:
    """Waiting jobs and ready workers, until the first of the outcomes is at its minimum again."""
    first = next(iter(outcomes.values()))
    return drawn(
        [
            Panel(
                title="jobs that wait",
                lines=[Line(name=name, points=found.waiting) for name, found in outcomes.items()],
            ),
            Panel(
                title="workers that are ready",
                lines=[Line(name=name, points=found.workers) for name, found in outcomes.items()],
            ),
        ],
        seconds=first.back_seconds,
        mark=(first.drained_seconds, "all jobs done"),
    )


def comparison(found: Comparison) -> Table:
    """The changes of both, side by side."""
    result = Table(show_edge=False, pad_edge=False)
    for title in ("real, s", "workers", "model, s", "workers"):
        result.add_column(title, justify="right")
    for real, model in zip_longest(found.real, found.model):
        cells = [
            (f"{point[0]:.1f}", str(point[1])) if point else ("", "") for point in (real, model)
        ]
        result.add_row(*cells[0], *cells[1])
    return result


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s"


def _usd(amount: float | None) -> str:
    return "no price" if amount is None else f"{amount:.2f}"
