"""Rules for every workflow and action, with zizmor, GitHub's schemas and shellcheck."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from environments.images import WORKLOAD_IMAGES
from environments.registry import ENVIRONMENTS
from evalctl.main import PANEL_OF as COMMANDS
from tests.github.workflows import ACTIONS, FOLDER, SCRIPTS, WORKFLOWS, Step, jobs, read, steps
from tests.support.paths import ROOT

TOOLS = Path(sys.executable).parent
STEPS = list(steps())
RUNS = [step for step in STEPS if step.run is not None]
JOBS = [(file, name, job) for file in WORKFLOWS for name, job in jobs(file).items()]
EACH_RUN = pytest.mark.parametrize("step", RUNS, ids=lambda step: step.where)
EACH_WORKFLOW = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
EACH_JOB = pytest.mark.parametrize(
    ("file", "name", "job"), JOBS, ids=[f"{file.stem}/{name}" for file, name, _ in JOBS]
)
# The rights of jobs beyond reading the checkout.
RIGHTS = {
    "plan/plan": {"id-token": "write"},
    "charts/comment": {"pull-requests": "write"},
    "plan/comment": {"pull-requests": "write"},
    "quality-gate/quality-gate": {"actions": "read", "pull-requests": "write"},
    **{f"deploy/{env.name}": {"actions": "read", "id-token": "write"} for env in ENVIRONMENTS},
    "deploy-environment/plan": {"actions": "read", "id-token": "write"},
    "deploy-environment/deploy": {"id-token": "write"},
    "images/build": {"attestations": "write", "id-token": "write"},
    "drift/drift": {"id-token": "write", "issues": "write"},
}
# The secrets of GitHub environments, by the only job that uses them.
SECRETS = {
    "quality-gate/quality-gate": {"OPENAI_API_KEY"},
    "images/release": {"RELEASE_APP_KEY"},
    "render/push": {"RENDER_DEPLOY_KEY"},
}
LONGEST_FILE = 110  # lines


def tool(*command: str, stdin: str | None = None) -> None:
    result = subprocess.run(
        [TOOLS / command[0], *command[1:]],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_workflows_are_these() -> None:
    assert {file.stem for file in WORKFLOWS} == {
        *(
            "charts",
            "check",
            "plan",
            "quality-gate",
            "deploy",
            "deploy-environment",
            "drift",
            "images",
            "rehearsal",
            "conformance",
            "render",
            "way-out",
            "bench",
        ),
    }


def test_zizmor_finds_nothing() -> None:
    # Offline. Whether a pinned commit belongs to the version in its comment is checked online, by hand.
    tool("zizmor", "--offline", "--quiet", "--persona=pedantic", str(FOLDER))


def test_no_finding_of_zizmor_is_ignored() -> None:
    for file in (*WORKFLOWS, *ACTIONS):
        assert "zizmor: ignore" not in file.read_text()
    assert not list(FOLDER.rglob("zizmor.y*ml"))
    assert not list(ROOT.glob("zizmor.y*ml"))


@pytest.mark.parametrize(
    ("schema", "files"), [("github-workflows", WORKFLOWS), ("github-actions", ACTIONS)]
)
def test_files_follow_githubs_schemas(schema: str, files: list[Path]) -> None:
    tool("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, files))


@pytest.mark.parametrize("step", RUNS, ids=lambda step: step.where)
def test_shellcheck_accepts_the_script_of_every_step(step: Step) -> None:
    options = ("--shell=bash", "--severity=style", "--enable=check-extra-masked-returns")
    tool("shellcheck", *options, "-", stdin=f"set -eo pipefail\n{step.run}")


@pytest.mark.parametrize(
    "script", [*SCRIPTS, *sorted((ROOT / ".ci").iterdir())], ids=lambda script: script.name
)
def test_shellcheck_accepts_every_script_and_it_is_executable(script: Path) -> None:
    tool("shellcheck", "--enable=check-extra-masked-returns", str(script))
    assert script.stat().st_mode & 0o111
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in script.read_text()


@EACH_RUN
def test_no_expression_is_inserted_into_a_script(step: Step) -> None:
    assert "${{" not in (step.run or "")


@EACH_WORKFLOW
def test_a_failure_inside_a_pipe_fails_the_step(file: Path) -> None:
    """GitHub adds `-o pipefail` only if `shell: bash` is set."""
    workflow = read(file)
    if any("steps" in job for job in workflow["jobs"].values()):
        shells = [workflow.get("defaults", {}).get("run", {}).get("shell")]
        if shells != ["bash"]:
            shells = [
                s.get("shell") for j in workflow["jobs"].values() for s in j["steps"] if "run" in s
            ]
        assert set(shells) == {"bash"}


@pytest.mark.parametrize(
    "step", [step for step in STEPS if step.uses is not None], ids=lambda step: step.where
)
def test_an_action_is_ours_or_pinned_by_commit_with_its_version_in_a_comment(step: Step) -> None:
    uses = step.uses or ""
    if uses.startswith("$/"):
        assert (ROOT / uses.removeprefix("$/") / "action.yml").exists()
        return
    assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", uses)
    text = "\n".join(file.read_text() for file in (*WORKFLOWS, *ACTIONS))
    versions = re.findall(rf"{re.escape(uses)}(.*)$", text, re.MULTILINE)
    assert all(re.fullmatch(r" # v\d+\.\d+\.\d+", version) for version in versions)


def test_an_action_has_one_version_everywhere() -> None:
    pins = {step.uses for step in STEPS if step.uses and not step.uses.startswith("$/")}
    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@EACH_JOB
def test_every_job_has_a_time_limit(file: Path, name: str, job: dict[str, Any]) -> None:
    assert "uses" in job or 0 < job["timeout-minutes"] <= 120


@EACH_WORKFLOW
def test_a_workflow_has_no_default_rights_and_limits_its_concurrency(file: Path) -> None:
    workflow = read(file)
    assert workflow["permissions"] == {}
    if set(workflow["on"]) != {"workflow_call"}:  # the caller limits it
        limited = [workflow] if "concurrency" in workflow else workflow["jobs"].values()
        assert all("cancel-in-progress" in one["concurrency"] for one in limited)


@EACH_JOB
def test_a_job_has_only_the_rights_that_it_needs(
    file: Path, name: str, job: dict[str, Any]
) -> None:
    rights = dict(job.get("permissions", {}))
    assert rights.pop("contents", "read") == "read"
    assert rights == RIGHTS.get(f"{file.stem}/{name}", {})


@EACH_WORKFLOW
def test_no_workflow_runs_code_of_a_fork_with_our_secrets(file: Path) -> None:
    """`pull_request` gives a fork no secrets and no token; these triggers do."""
    with_secrets = {"pull_request_target", "workflow_run", "issue_comment", "issues", "discussion"}
    assert not with_secrets & set(read(file)["on"])
    assert "secrets: inherit" not in file.read_text()


@EACH_JOB
def test_a_secret_is_used_in_one_step_of_a_job_with_a_github_environment(
    file: Path, name: str, job: dict[str, Any]
) -> None:
    named = re.findall(r"secrets\.([A-Z]\w+)", str(job))
    assert sorted(named) == sorted(SECRETS.get(f"{file.stem}/{name}", set()))
    if named:
        assert "environment" in job
        outside = {key: value for key, value in job.items() if key != "steps"}
        assert "secrets." not in str(outside)


def test_no_action_and_no_setting_of_a_whole_workflow_uses_a_secret() -> None:
    for file in ACTIONS:
        assert "secrets" not in file.read_text()
    for file in WORKFLOWS:
        assert "secrets." not in str({k: v for k, v in read(file).items() if k != "jobs"})


@pytest.mark.parametrize(
    ("file", "name"),
    [(file, name) for file, name, job in JOBS if "pull_request" in read(file)["on"] and (
        {"id-token", "pull-requests"} & set(job.get("permissions", {}))
    )],
)  # fmt: skip
def test_a_job_that_needs_a_token_does_not_run_for_a_fork(file: Path, name: str) -> None:
    """It would fail without a token. `plan` must not fail for a fork; the gate must fail with the reason."""
    all_jobs = jobs(file)

    def guarded(job: dict[str, Any]) -> bool:
        ours = "github.event.pull_request.head.repo.full_name == github.repository"
        if ours in str(job.get("if", "")):
            return True
        needs = job.get("needs", [])
        needs = [needs] if isinstance(needs, str) else needs
        return any(guarded(all_jobs[need]) for need in needs)

    first = all_jobs[name]["steps"][0]
    refused = "full_name != github.repository" in str(first.get("if", "")) and "exit 1" in str(
        first
    )
    assert guarded(all_jobs[name]) or refused


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.where)
def test_a_checkout_leaves_no_token_for_later_steps(step: Step) -> None:
    if step.uses and step.uses.startswith("actions/checkout@"):
        options = step.body["with"]
        assert options["persist-credentials"] is False or "ssh-key" in options


@EACH_RUN
def test_the_scripts_targets_and_commands_of_a_step_exist(step: Step) -> None:
    run = step.run or ""
    for path in re.findall(r"(?<![\w/])\.(?:ci|github)/[\w./-]+", run):
        assert (ROOT / path).exists(), path
    targets = re.findall(r"^\s*make (?:\"?)([\w./$-]+)", run, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text()
    for target in targets:
        assert target == ".venv/.$TOOLS" or f"\n{target}:" in makefile, target
    for command in re.findall(r"\.venv/bin/evalctl ([\w-]+)", run):
        assert command in COMMANDS
    for program in re.findall(r"(?<!\S)(node_modules/\.bin/\w+)", run):
        assert program == "node_modules/.bin/cdktf"  # `make cdktf` installs it


def test_the_tools_of_the_action_evalctl_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    requested = {
        step.body.get("with", {}).get("tools", "rendering")
        for step in STEPS
        if step.uses == "$/.github/actions/evalctl"
    }
    for tools in requested:
        assert f"\n$(VENV)/.{tools}:" in makefile


def test_check_runs_every_part_of_ci() -> None:
    (script,) = re.findall(r"then requested=\((.*)\); fi", (ROOT / ".ci/run").read_text())
    parts = jobs(FOLDER / "workflows/check.yml")["part"]["strategy"]["matrix"]["part"]
    assert parts == script.split()
    assert "rehearse" in parts  # tests/github/test_ci.py: of every environment


def test_everything_is_rehearsed_weekly_in_every_environment() -> None:
    workflow = read(FOLDER / "workflows/rehearsal.yml")
    assert "schedule" in workflow["on"]
    listing, rehearse, faults = workflow["jobs"].values()
    assert listing["outputs"] == {"names": "${{ steps.list.outputs.names }}"}
    assert (
        rehearse["strategy"]["matrix"]["env"] == "${{ fromJSON(needs.environments.outputs.names) }}"
    )
    assert rehearse["steps"][-1]["run"] == '.ci/run "full-$ENVIRONMENT"'
    assert faults["steps"][-1]["run"] == ".ci/run test-cluster"


def test_the_contract_of_the_images_is_tested_unscaled_weekly() -> None:
    workflow = read(FOLDER / "workflows/conformance.yml")
    assert "schedule" in workflow["on"]
    (job,) = workflow["jobs"].values()
    assert job["strategy"]["matrix"]["part"] == ["conformance-unscaled", "test-conformance"]
    assert job["steps"][-1]["run"] == '.ci/run "$PART"'


def test_the_way_out_is_checked_weekly_and_when_a_pin_changes() -> None:
    workflow = read(FOLDER / "workflows/way-out.yml")
    assert "schedule" in workflow["on"]
    pins = {"pyproject.toml", "requirements.lock", "requirements-cdktn.lock"}
    assert pins <= set(workflow["on"]["pull_request"]["paths"])
    assert workflow["jobs"]["check"]["steps"][-1]["run"] == "make check-cdktn"


def test_a_render_is_measured_alone_and_beside_other_tools_weekly_and_when_their_pins_change() -> (
    None
):
    workflow = read(FOLDER / "workflows/bench.yml")
    assert "schedule" in workflow["on"]
    assert "requirements-peers.lock" in workflow["on"]["pull_request"]["paths"]
    commands = [step["run"] for step in workflow["jobs"]["peers"]["steps"][-2:]]
    assert commands == ["make bench", "make bench-peers"]


def test_every_job_that_runs_ci_has_all_that_was_fetched() -> None:
    """A variable that is missing would fail there only."""
    fetched = {"TF_PROVIDER_MIRROR", "CRD_DIR", "CHART_DIR", "CLUSTER_PROGRAMS"}
    running = [step for step in RUNS if (step.run or "").startswith(".ci/run")]
    assert len(running) == 4
    for step in running:
        assert fetched <= set(step.body["env"]), step.where


def test_every_environment_is_deployed_after_the_one_before_it() -> None:
    deploys = jobs(FOLDER / "workflows/deploy.yml")
    assert set(deploys) == {env.name for env in ENVIRONMENTS}
    for env in ENVIRONMENTS:
        assert deploys[env.name]["with"]["env"] == env.name
        assert deploys[env.name].get("needs") == env.promotes_from
        # A job without `needs` is the first that runs; the others are skipped with it.
        only = f"github.ref == 'refs/heads/{env.repository.revision}'"
        assert deploys[env.name].get("if") == (only if env.promotes_from is None else None)
        # The deploy role trusts the jobs of this GitHub environment.
        assert env.repository.deploy_environment == env.name


def test_every_environment_is_checked_for_drift() -> None:
    listing, drift = jobs(FOLDER / "workflows/drift.yml").values()
    assert drift["needs"] == "environments"
    assert listing["outputs"] == {"names": "${{ steps.list.outputs.names }}"}
    assert drift["strategy"]["matrix"]["env"] == "${{ fromJSON(needs.environments.outputs.names) }}"


def test_workflows_of_the_deployed_branch_have_its_name() -> None:
    (branch,) = {env.repository.revision for env in ENVIRONMENTS}
    for name in ("check", "quality-gate", "deploy", "images"):
        assert read(FOLDER / f"workflows/{name}.yml")["on"]["push"]["branches"] == [branch]
    for name in ("deploy", "drift", "images"):
        text = (FOLDER / f"workflows/{name}.yml").read_text()
        assert set(re.findall(r"github\.ref == 'refs/heads/(.+)'", text)) == {branch}


def test_one_run_at_a_time_deploys_an_environment_and_none_is_cancelled() -> None:
    for name, job in jobs(FOLDER / "workflows/deploy.yml").items():
        assert job["concurrency"] == {"group": f"deploy-{name}", "cancel-in-progress": False}
    # The same group in the called workflow would wait for its caller for ever.
    assert "concurrency" not in (FOLDER / "workflows/deploy-environment.yml").read_text()


def test_only_the_job_with_the_github_environment_assumes_the_deploy_role() -> None:
    roles = {
        (file.stem, name, step["with"]["role"])
        for file, name, job in JOBS
        for step in job.get("steps", [])
        if step.get("uses") == "$/.github/actions/aws"
    }
    assert roles == {
        ("plan", "plan", "plan"),
        ("deploy-environment", "plan", "inspect"),
        ("deploy-environment", "deploy", "deploy"),
        ("drift", "drift", "inspect"),
        ("images", "build", "images"),
    }
    deploy = jobs(FOLDER / "workflows/deploy-environment.yml")["deploy"]
    assert deploy["environment"] == "${{ inputs.env }}"
    assert deploy["needs"] == "plan"


def test_the_rules_of_the_environment_and_the_key_are_required_before_credentials_are_used() -> (
    None
):
    deploy = [
        str(step) for step in jobs(FOLDER / "workflows/deploy-environment.yml")["plan"]["steps"]
    ]
    render = [str(step) for step in jobs(FOLDER / "workflows/render.yml")["push"]["steps"]]
    for steps_, required, using in (
        (deploy, "require-environment-rules", "actions/aws'"),
        (render, "require-key-rules", "push-rendered"),
    ):
        (before,) = (number for number, step in enumerate(steps_) if required in step)
        (after,) = (number for number, step in enumerate(steps_) if using in step)
        assert before < after


def test_images_are_scanned_before_they_are_pushed_and_released_after_they_are_signed() -> None:
    build, release = jobs(FOLDER / "workflows/images.yml").values()
    done = [str(step) for step in build["steps"]]
    order = ("docker build", "trivy image", "push-images", "cosign sign", "attest-build-provenance")
    places = [next(n for n, step in enumerate(done) if part in step) for part in order]
    assert places == sorted(places)
    assert release["needs"] == "build"
    named = {
        name
        for step in (*build["steps"], *release["steps"])
        for name in re.findall(r"(?:--env|push-images|open-release) (\w+)", str(step.get("run")))
    }
    (built,) = named
    assert built in {env.name for env in ENVIRONMENTS if env.promotes_from is None}
    for image in WORKLOAD_IMAGES:
        assert build["outputs"][image] == f"${{{{ steps.push.outputs.{image} }}}}"


def test_a_deploy_restores_nothing_from_a_cache() -> None:
    signing = jobs(FOLDER / "workflows/images.yml")["build"]
    for file in ("deploy-environment", "drift"):
        for job in (signing, *jobs(FOLDER / f"workflows/{file}.yml").values()):
            for step in job["steps"]:
                assert not step.get("uses", "").startswith("actions/cache@")
                if step.get("uses") == "$/.github/actions/evalctl":
                    assert step["with"]["cache"] == "false"


def test_a_plan_itself_is_never_uploaded() -> None:
    for step in STEPS:
        if step.uses and step.uses.startswith("actions/upload-artifact@"):
            assert "plans" not in step.body["with"]["path"]
            assert "tfplan" not in step.body["with"]["path"]
            assert step.body["with"]["retention-days"] <= 90


@pytest.mark.parametrize(
    "file", [*WORKFLOWS, *ACTIONS], ids=lambda file: file.parent.name + file.stem
)
def test_a_file_is_short_enough_to_read(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= LONGEST_FILE
