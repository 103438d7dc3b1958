"""The scripts of CI read the environments from the registry, so that a new one needs no line there."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from environments.registry import ENVIRONMENTS
from tests.github.test_scripts import STAND_IN, Sandbox, run_step, sandbox, step
from tests.support import tools
from tests.support.paths import ROOT

__all__ = ["sandbox"]
NAMES = [env.name for env in ENVIRONMENTS]
FIRST, *OTHERS = [*NAMES, "qa"]  # with the environment that a test adds


@pytest.fixture
def checkout(sandbox: Sandbox) -> Sandbox:
    """The scripts and the values, and stand-ins for what `.ci/run` starts."""
    for folder in (".ci", "environments"):
        shutil.copytree(ROOT / folder, sandbox.folder / folder)
    for program in ("dpkg-query", "git", "make"):
        file = sandbox.folder / "bin" / program
        file.write_text(STAND_IN)
        file.chmod(0o755)
    return sandbox


def add_environment(folder: Path, name: str) -> None:
    registry = folder / "environments" / "registry.py"
    more = f'from dataclasses import replace\nENVIRONMENTS += (replace(DEV, name="{name}"),)\n'
    registry.write_text(f"{registry.read_text()}\n{more}")


def test_the_environments_are_those_of_the_registry_from_every_folder(checkout: Sandbox) -> None:
    add_environment(checkout.folder, "qa")
    listed = subprocess.run(
        [checkout.folder / ".ci" / "environments"],
        cwd=checkout.folder / "environments",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert listed.splitlines() == [*NAMES, "qa"]


def run(checkout: Sandbox, *parts: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run parts of CI, with all that it would look for on this machine."""
    named = {"TF_PROVIDER_MIRROR": "none", "CLUSTER_PROGRAMS": "none", "ARGOCD_MANIFEST": "none"}
    return checkout.run(checkout.folder / ".ci" / "run", *parts, **(named | variables))


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("rehearse", [f"ENV={FIRST}", *(f"ENV={name} HALF=aws" for name in OTHERS)]),
        ("cluster", [f"ENV={name} HALF=cluster" for name in OTHERS]),
        ("full", [f"ENV={name} FULL=1" for name in (FIRST, *OTHERS)]),
        ("full-qa", ["ENV=qa FULL=1"]),
    ],
)
def test_both_halves_are_rehearsed_in_every_environment(
    checkout: Sandbox, part: str, expected: list[str]
) -> None:
    add_environment(checkout.folder, "qa")
    result = run(checkout, "compare-imports", part)
    assert result.returncode == 0, result.stdout + result.stderr
    started = [call for call in checkout.calls() if call.startswith("make rehearse ")]
    assert sorted(started) == sorted(f"make rehearse {options}" for options in expected)
    assert "make compare-imports" in checkout.calls()


def test_the_parts_of_the_workflow_run_by_default_and_lint_before_the_tests(
    checkout: Sandbox,
) -> None:
    workflow = yaml.load((ROOT / ".github/workflows/check.yml").read_text(), yaml.CSafeLoader)
    parts = workflow["jobs"]["part"]["strategy"]["matrix"]["part"]
    result = run(checkout)
    assert result.returncode == 0, result.stdout + result.stderr
    calls = [call.removeprefix("make ") for call in checkout.calls() if call.startswith("make ")]
    suites = [call for call in calls if call in parts]
    assert sorted(parts) == sorted([*suites, "rehearse", "cluster"])
    assert suites.index("lint") < suites.index("test")


def test_lint_checks_types_imports_format_style_shell_workflows_and_keys() -> None:
    commands = subprocess.run(
        ["make", "--dry-run", "lint"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for command in (
        *("mypy", "lint-imports", "ruff format --check .", "ruff check ."),
        *("shellcheck", "zizmor", "evalctl secret-scan"),
    ):
        assert re.search(rf"/{re.escape(command)}( |$)", commands, re.MULTILINE), command


def test_one_cluster_runs_at_a_time_and_beside_it_what_waits(checkout: Sandbox) -> None:
    add_environment(checkout.folder, "qa")
    events = checkout.folder / "events"
    (checkout.folder / "bin" / "make").write_text(
        f"""#!/usr/bin/env bash
echo "start $*" >> {events}
if [[ "$1" != re* ]] || sleep 0.5; then echo "end $*" >> {events}; fi
"""
    )
    result = run(checkout, "rehearse", "cluster")
    assert result.returncode == 0, result.stdout + result.stderr
    running: set[str] = set()
    together: list[set[str]] = []
    for line in events.read_text().splitlines():
        what, _, call = line.partition(" ")
        if what == "start":
            running.add(call)
        else:
            running.remove(call)
        together.append(set(running))
    clusters = {f"rehearse ENV={FIRST}", *(f"rehearse ENV={name} HALF=cluster" for name in OTHERS)}
    assert clusters <= set().union(*together)
    assert max(len(clusters & at_once) for at_once in together) == 1
    for waiting in (f"rehearse ENV={name} HALF=aws" for name in OTHERS):
        assert any(waiting in at_once and clusters & at_once for at_once in together)


def test_the_suites_run_one_after_the_other_in_the_given_order(checkout: Sandbox) -> None:
    events = checkout.folder / "events"
    (checkout.folder / "bin" / "make").write_text(
        f"""#!/usr/bin/env bash
echo "start $1" >> {events}
sleep 0.2
echo "end $1" >> {events}
"""
    )
    suites = ("compare-imports", "test-rehearsals", "test")
    result = run(checkout, *suites)
    assert result.returncode == 0, result.stdout + result.stderr
    expected = [f"{what} {suite}" for suite in suites for what in ("start", "end")]
    assert events.read_text().splitlines()[-len(expected) :] == expected


def test_a_part_that_fails_shows_its_whole_log_and_stops_no_other(checkout: Sandbox) -> None:
    (checkout.folder / "bin" / "make").write_text(
        """#!/usr/bin/env bash
if [[ "$*" != *ENV=* ]]; then exit; fi
seq -f "line %g of $*" 300
[[ "$*" == *HALF* ]]
"""
    )
    result = run(checkout, "rehearse", "cluster")
    assert result.returncode == 1
    assert f"failed: rehearse-{FIRST}" in result.stderr
    for options in (f"ENV={FIRST}", f"ENV={NAMES[1]} HALF=aws", f"ENV={NAMES[1]} HALF=cluster"):
        lines = [f"line {number} of rehearse {options}" for number in range(1, 301)]
        assert "\n".join(lines) in result.stdout  # without lines of another part in between


def test_the_durations_end_the_output(checkout: Sandbox) -> None:
    result = run(checkout, "compare-imports", "rehearse")
    table = result.stdout.rpartition("=== ")[2].splitlines()[1:]
    parts = [line.split()[0] for line in table]
    assert sorted(parts) == sorted(
        ["all", "compare-imports", *(f"rehearse-{name}" for name in NAMES)]
    )
    *rows, total = table
    assert all(re.fullmatch(r"\S+ \d+ of \d+, \d+ of the processors", row) for row in rows), rows
    assert re.fullmatch(r"all \d+ of \d+", total)


def test_a_part_s_processor_time_is_that_of_all_its_programs(checkout: Sandbox) -> None:
    spin = "import time\nwhile time.process_time() < 1.2: pass"
    (checkout.folder / "bin" / "make").write_text(
        f"""#!/usr/bin/env bash
if [[ "$1" == compare-imports ]]; then {sys.executable} -c '{spin}' | cat; fi
"""
    )
    result = run(checkout, "compare-imports", "lint")
    assert re.search(
        r"^compare-imports \d+ of \d+, [12] of the processors$", result.stdout, re.MULTILINE
    )
    assert re.search(r"^lint \d+ of \d+, 0 of the processors$", result.stdout, re.MULTILINE)


@pytest.fixture
def beside_programs(checkout: Sandbox) -> Sandbox:
    """The checkout in a folder beside which there are programs of a cluster to lay out."""
    work = checkout.folder / "work"
    work.mkdir()
    for folder in (".ci", "environments"):
        shutil.move(checkout.folder / folder, work / folder)
    unpack = checkout.folder / "shared" / "programs" / "unpack"
    unpack.parent.mkdir(parents=True)
    unpack.write_text('#!/usr/bin/env bash\nmkdir -p "$1" && touch "$1/etcd"\n')
    unpack.chmod(0o755)
    manifest = checkout.folder / "shared" / "argocd" / "install-v1.2.3.yaml"
    manifest.parent.mkdir()
    manifest.touch()
    (checkout.folder / "bin" / "make").write_text(
        '#!/usr/bin/env bash\nls "$CLUSTER_PROGRAMS"\necho "with $CLUSTER_PROGRAMS $ARGOCD_MANIFEST"\n'
    )
    return checkout


def test_the_programs_of_a_cluster_are_laid_out_for_the_run(beside_programs: Sandbox) -> None:
    ci = beside_programs.folder / "work" / ".ci" / "run"
    result = beside_programs.run(ci, "test", TF_PROVIDER_MIRROR="none")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "\netcd\n" in result.stdout
    (used,) = {line for line in result.stdout.splitlines() if line.startswith("with ")}
    _, programs, manifest = used.split()
    assert not Path(programs).exists(), "it stays after the run"
    assert Path(manifest) == beside_programs.folder / "shared/argocd/install-v1.2.3.yaml"


def test_programs_and_a_manifest_that_are_named_are_used(
    beside_programs: Sandbox, tmp_path: Path
) -> None:
    ci = beside_programs.folder / "work" / ".ci" / "run"
    named = {"CLUSTER_PROGRAMS": str(tmp_path), "ARGOCD_MANIFEST": "mine"}
    result = beside_programs.run(ci, "test", TF_PROVIDER_MIRROR="none", **named)
    assert f"with {tmp_path} mine" in result.stdout


def test_a_registry_that_cannot_be_read_fails_before_the_work(checkout: Sandbox) -> None:
    (checkout.folder / "environments" / "registry.py").write_text("broken =")
    result = run(checkout, "rehearse")
    assert result.returncode != 0
    assert "SyntaxError" in result.stderr
    assert checkout.calls() == []


def test_drift_is_checked_in_every_environment(checkout: Sandbox) -> None:
    tools.program("jq", get_it="apt-get install jq")
    add_environment(checkout.folder, "qa")
    script = step("drift", "environments", "List the environments")
    assert script == step("rehearsal", "environments", "List the environments")
    assert run_step(checkout, script).returncode == 0
    name, _, value = (checkout.folder / "output").read_text().partition("=")
    assert name == "names"
    assert json.loads(value) == [*NAMES, "qa"]
