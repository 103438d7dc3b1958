"""Measures `evalctl render` beside Pulumi and AWS CDK: `python -m evalctl.benchmarks.peers.measure ENVIRONMENT`.

Run it with `make bench-peers`. Each program declares as many resources with the same properties. A run is a
whole process with its children, from start to exit. The programs take turns, so that what else runs on the
machine is the same for all, and each figure is a median.
"""

import argparse
import os
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.table import Table

from evalctl.benchmarks.cost import Cost, cost_of
from evalctl.benchmarks.peers import programs
from evalctl.processes import CommandFailedError
from evalctl.terminal import console, report

RENDERED = programs.ROOT / "rendered"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "environment", type=Path, help="the virtual environment with their packages"
    )
    parser.add_argument("--runs", type=int, default=5, help="runs of each program (default: 5)")
    options = parser.parse_args()
    python: Path = options.environment.absolute() / "bin" / "python"
    if not python.exists():
        report(f"{options.environment} is no virtual environment. `make bench-peers` makes one.")
        return 1
    with TemporaryDirectory() as scratch:
        try:
            return compare(Path(scratch), python, options.runs)
        except CommandFailedError as error:
            report(str(error))
            return 1


def compare(scratch: Path, python: Path, runs: int) -> int:
    """Print the table; 1 if a program does not declare what our render does."""
    # Python keeps what it compiles, as on a machine where a program has run before.
    variables = {
        **os.environ,
        "PYTHONPATH": str(programs.ROOT),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    with console.status("Writing the programs, and running each once"):
        ours = programs.ours(scratch / "rendered", variables)
        ours.output()
        pulumi, replaced = programs.pulumi(RENDERED, scratch, python, variables)
        made = {ours.title: programs.declared(scratch / "rendered")}
        made[pulumi.title] = programs.pulumi_made(pulumi)
        cdks = [
            programs.cdk(RENDERED, scratch, python, variables, typed=typed)
            for typed in (False, True)
        ]
        made |= {each.title: programs.cdk_made(each) for each in cdks}
    every = (ours, pulumi, *cdks)
    costs: dict[str, list[Cost]] = {each.title: [] for each in every}
    with console.status("") as status:
        for run in range(1, runs + 1):
            for each in every:
                status.update(f"Run {run} of {runs}: {each.title}")
                costs[each.title].append(
                    cost_of(
                        each.arguments, programs.ROOT, python=str(each.python), **each.variables
                    )
                )
    console.print(_table(costs, made))
    console.print(f"Median of {runs} runs; {os.cpu_count()} cores", highlight=False)
    for what, times in replaced.items():
        console.print(f"Pulumi: {what}, {times} times", highlight=False)
    different = [name for name, number in made.items() if number != made[ours.title]]
    if different:
        report(f"These declare another number of resources than our render: {', '.join(different)}")
    return 1 if different else 0


def _table(costs: dict[str, list[Cost]], made: dict[str, int]) -> Table:
    """`ours / its` below 1 means that our render is the faster one."""
    table = Table(title="The same resources, each a cold process")
    for column in ("", "resources", "wall s", "ours / its", "processor s", "ours / its", "MiB"):
        table.add_column(column, justify="right" if column else "left")
    ours: tuple[float, float] | None = None
    for name, runs in costs.items():
        wall = statistics.median(run.seconds for run in runs)
        processor = statistics.median(run.processor_seconds for run in runs)
        ours = ours or (wall, processor)
        table.add_row(
            *(name, str(made[name]), f"{wall:.2f}", f"{ours[0] / wall:.2f}"),
            *(f"{processor:.2f}", f"{ours[1] / processor:.2f}"),
            f"{max(run.peak_mib for run in runs):.0f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
