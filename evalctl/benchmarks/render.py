"""Measures a cold render, and compares it with the same program and the plain provider import.

Run it with `make bench`. Each figure is for a whole process with its children, from start to exit. Both
programs run one after the other on this machine, so their ratio does not depend on its speed.
`make compare-imports` only compares what the two write.
"""

import argparse
import compileall
import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bindings.aws_provider import PLAIN_IMPORT_SWITCH
from environments.registry import ENVIRONMENTS
from evalctl.benchmarks.cost import Cost, cost_of
from evalctl.processes import output
from evalctl.rendering.renderers import RENDERERS

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "argocd",
    "bindings",
    "dashboards",
    "environments",
    "evalctl",
    "k8s",
    "stacks",
    "telemetry",
)
console = Console()


def render(checkout: Path, out: Path, *options: str, **environment: str) -> Cost:
    arguments = ["-m", "evalctl.main", "render", "--out", str(out), *options]
    return cost_of(arguments, checkout, **environment)


def bytes_of(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


def checkout_with(environments: int, folder: Path) -> Path:
    """A copy of the sources with dev and copies of it, this many together, in the registry."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package)
    copies = [f"dev{i}" for i in range(1, environments)]
    digests = json.loads((folder / "environments" / "images.json").read_text())["dev"]
    (folder / "environments" / "images.json").write_text(
        json.dumps(dict.fromkeys(["dev", *copies], digests))
    )
    (folder / "environments" / "registry.py").write_text(
        "from dataclasses import replace\n"
        "from environments.dev import DEV\n"
        "from environments.images import images_of\n"
        "def copy(i):\n"
        '    name = f"dev{i}"\n'
        "    return replace(\n"
        "        DEV,\n"
        "        name=name,\n"
        '        account=replace(DEV.account, id=f"{i:012}"),\n'
        "        repository=replace(DEV.repository, deploy_environment=name),\n"
        '        network=replace(DEV.network, vpc_cidr=f"10.{100 + i}.0.0/16"),\n'
        '        orchestrator=replace(DEV.orchestrator, hostname=f"{name}.example.com"),\n'
        "        images=images_of(name),\n"
        "    )\n"
        f"ENVIRONMENTS = (DEV, *(copy(i) for i in range(1, {environments})))\n"
    )
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="cold renders to take the median of")
    parser.add_argument("--sizes", type=int, nargs="*", default=[2, 8, 32])
    parser.add_argument("--compare", action="store_true", help="measure nothing, compare the bytes")
    options = parser.parse_args()
    if options.compare:
        with tempfile.TemporaryDirectory() as scratch:
            return 0 if compared(Path(scratch)) else 1
    console.print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as scratch:
        equal = compare_with_plain_import(Path(scratch), options.runs)
        by_phase()
        by_number_of_environments(Path(scratch), options.sizes)
    return 0 if equal else 1


def compared(scratch: Path) -> bool:
    """Whether one render of each program writes the same bytes."""
    trimmed, plain = scratch / "trimmed", scratch / "plain"
    render(ROOT, trimmed)
    render(ROOT, plain, **{PLAIN_IMPORT_SWITCH: "1"})
    console.print(f"{len(bytes_of(plain))} files compared with those of the plain import")
    return same_bytes(trimmed, plain)


def same_bytes(trimmed: Path, plain: Path) -> bool:
    """Print each file that the two programs wrote differently, or only one of them; False if there is one."""
    written, expected = bytes_of(trimmed), bytes_of(plain)
    different = sorted(
        path for path in written.keys() | expected.keys() if written.get(path) != expected.get(path)
    )
    for path in different:
        console.print(f"{path} differs between the trimmed and the plain import")
    return not different


def compare_with_plain_import(scratch: Path, runs: int) -> bool:
    """Print the figures of both programs; False if they wrote different bytes."""
    console.print(
        "Compiling the whole provider, so that the comparison is fair to the plain import…"
    )
    for level in (0, 1):
        compileall.compile_dir(provider(), quiet=1, workers=0, optimize=level)
    render(ROOT, scratch / "warm")  # builds the trimmed provider, which the set-up does once
    plain = {PLAIN_IMPORT_SWITCH: "1"}
    names = " and ".join(env.name for env in ENVIRONMENTS)
    table = Table(title="Trimmed against plain import of the AWS provider, cold")
    for column in ("", "trimmed s", "MiB", "plain s", "MiB", "times faster"):
        table.add_column(column, justify="right" if column else "left")
    one = ENVIRONMENTS[0].name
    import_only = ["-c", "import stacks.aws"]
    for what, trimmed_runs, plain_run in (
        (
            "import alone",
            [cost_of(import_only, ROOT) for _ in range(runs)],
            cost_of(import_only, ROOT, **plain),
        ),
        (
            f"evalctl render, {names}",
            [render(ROOT, scratch / f"trimmed-{index}") for index in range(runs)],
            render(ROOT, scratch / "plain", **plain),
        ),
        (
            f"evalctl render --env {one}",
            [render(ROOT, scratch / f"one-{index}", "--env", one) for index in range(runs)],
            render(ROOT, scratch / "one-plain", "--env", one, **plain),
        ),
    ):
        seconds = statistics.median(run.seconds for run in trimmed_runs)
        table.add_row(
            what,
            f"{seconds:.2f}",
            f"{max(run.peak_mib for run in trimmed_runs):.0f}",
            f"{plain_run.seconds:.2f}",
            f"{plain_run.peak_mib:.0f}",
            f"{plain_run.seconds / seconds:.1f}",
        )
    console.print(table)
    equal = all(
        same_bytes(scratch / f"trimmed-{index}", scratch / "plain") for index in range(runs)
    )
    console.print(f"Median of {runs} trimmed runs against one plain run; same bytes: {equal}")
    return equal


def by_phase() -> None:
    """Print where the seconds of each renderer go, each run alone."""
    table = Table(title="The steps of each renderer, alone")
    for column in ("", "", "wall s", "Python s", "Node s"):
        table.add_column(column, justify="right" if column else "left")
    for renderer in RENDERERS:
        printed = output(
            (sys.executable, "-P", "-O", "-m", "evalctl.benchmarks.phases", renderer),
            environment={**os.environ, "PYTHONPATH": str(ROOT)},
            folder=ROOT,
            seconds=None,
        )
        for index, (name, *seconds) in enumerate(json.loads(printed)):
            table.add_row("" if index else renderer, name, *(f"{each:.2f}" for each in seconds))
        table.add_section()
    console.print(table)


def by_number_of_environments(scratch: Path, sizes: list[int]) -> None:
    """Print how the time grows with the number of environments of dev's size.

    The processors' seconds depend less than the clock's on what else runs on the machine.
    """
    table = Table(title="Cold `evalctl render` by number of environments")
    for column in ("environments", "wall s", "further", "processor s", "further", "largest MiB"):
        table.add_column(column, justify="right")
    previous: tuple[int, Cost] | None = None
    for size in sizes:
        checkout = checkout_with(size, scratch / f"checkout-{size}")
        run = render(checkout, scratch / f"environments-{size}")
        wall = processor = ""  # for each further environment
        if previous is not None:
            more, before = size - previous[0], previous[1]
            wall = f"{(run.seconds - before.seconds) / more:.2f}"
            processor = f"{(run.processor_seconds - before.processor_seconds) / more:.2f}"
        table.add_row(
            *(str(size), f"{run.seconds:.2f}", wall, f"{run.processor_seconds:.2f}", processor),
            f"{run.peak_mib:.0f}",
        )
        previous = (size, run)
    console.print(table)


def provider() -> str:
    import importlib.util

    spec = importlib.util.find_spec("cdktf_cdktf_provider_aws")
    assert spec is not None
    assert spec.submodule_search_locations
    return spec.submodule_search_locations[0]


if __name__ == "__main__":
    sys.exit(main())
