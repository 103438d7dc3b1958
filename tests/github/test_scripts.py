"""Every script that a workflow calls, called as there; gh, curl and terraform are stand-ins."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.github.workflows import SCRIPTS, jobs, steps
from tests.support.paths import ROOT

FOLDER = ROOT / ".github" / "scripts"
# It writes down each call with what the files that it names hold, and answers from a file of the
# same name as its first words.
STAND_IN = """#!/usr/bin/env bash
set -euo pipefail
here=$(dirname "$0")/..
called="$(basename "$0") $*"
for argument; do
  case "$argument" in body=@*) called+=$'\\n'"$(cat "${argument#body=@}")" ;; esac
done
while (($#)); do
  case "$1" in --body-file) called+=$'\\n'"$(cat "$2")" ;; esac
  shift
done
printf '%s\\0' "$called" >> "$here/calls"
for answer in "$here"/answers/*; do
  if [[ "$called" == "$(basename "$answer" | tr '+' '/')"* ]]; then cat "$answer"; break; fi
done
if [[ -e "$here/fails" && "$called" == "$(cat "$here/fails")"* ]]; then exit 1; fi
"""


@dataclass(frozen=True)
class World:
    """A machine on which some programs are stand-ins."""

    folder: Path

    def run(self, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(script), *arguments],
            cwd=self.folder,
            env={
                "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(self.folder),
                "GITHUB_REPOSITORY": "someone/platform",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_RUN_ID": "42",
                "GITHUB_REF": "refs/heads/renovate/helm",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def answer(self, call: str, text: str) -> None:
        (self.folder / "answers" / call.replace("/", "+")).write_text(text)

    def fail(self, call: str) -> None:
        (self.folder / "fails").write_text(call)

    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text().split("\0")[:-1] if file.exists() else []


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "answers").mkdir()
    (tmp_path / "bin").mkdir()
    for program in ("gh", "curl", "terraform"):
        file = tmp_path / "bin" / program
        file.write_text(STAND_IN)
        file.chmod(0o755)
    return World(tmp_path)


def test_every_script_is_called_by_a_workflow_and_tested_here() -> None:
    called = "\n".join(str(step.body) for step in steps())
    tests = Path(__file__).read_text()
    for script in SCRIPTS:
        assert f".github/scripts/{script.name}" in called
        assert f'FOLDER / "{script.name}"' in tests


COMMENTS = "repos/someone/platform/issues/7/comments"


def test_the_first_comment_is_written(world: World) -> None:
    (world.folder / "comment.md").write_text("### prod\n")
    done = world.run(FOLDER / "sticky-comment", "7", "plan", "comment.md")
    assert done.returncode == 0, done.stderr
    look, write = world.calls()
    assert look.startswith(f"gh api --paginate {COMMENTS} ")
    assert write.startswith(f"gh api --silent --method POST {COMMENTS} ")
    assert write.endswith("\n<!-- ai-eval-platform: plan -->\n### prod")


def test_a_later_comment_rewrites_the_first_of_its_name(world: World) -> None:
    (world.folder / "summary.md").write_text("open")
    world.answer(f"gh api --paginate {COMMENTS}", "101\n102\n")
    assert world.run(FOLDER / "sticky-comment", "7", "quality-gate", "summary.md").returncode == 0
    look, write = world.calls()
    assert 'startswith("<!-- ai-eval-platform: quality-gate -->")' in look
    assert '.user.login == "github-actions[bot]"' in look
    assert " PATCH repos/someone/platform/issues/comments/101 " in write


def test_a_comment_that_is_too_long_for_github_is_cut(world: World) -> None:
    (world.folder / "comment.md").write_text("x" * 100_000)
    assert world.run(FOLDER / "sticky-comment", "7", "plan", "comment.md").returncode == 0
    assert len(world.calls()[1]) < 65_536


def test_without_a_summary_nothing_is_written(world: World) -> None:
    assert world.run(FOLDER / "sticky-comment", "7", "plan", "missing.md").returncode != 0
    assert world.calls() == []


def result(world: World, *, changed: tuple[str, ...] = (), failed: tuple[str, ...] = ()) -> None:
    (world.folder / "out").mkdir()
    (world.folder / "out" / "summary.md").write_text("### dev: the summary\n")
    document = {"changed": changed, "failed": failed, "approved": {}}
    (world.folder / "out" / "result.json").write_text(json.dumps(document))


LIST = "gh issue list --label drift: dev --state open"


def test_drift_opens_an_issue_with_what_differs(world: World) -> None:
    result(world, changed=("network", "delivery"))
    done = world.run(FOLDER / "drift-issue", "dev", "out")
    assert done.returncode == 0, done.stderr
    look, label, create = world.calls()
    assert look.startswith(LIST)
    assert label.startswith("gh label create drift: dev ")
    assert create.startswith("gh issue create --title Drift in dev: network, delivery ")
    assert "### dev: the summary" in create
    assert "actions/runs/42" in create


def test_drift_that_is_known_updates_its_issue(world: World) -> None:
    result(world, failed=("queue",))
    world.answer(LIST, "12\n")
    assert world.run(FOLDER / "drift-issue", "dev", "out").returncode == 0
    _, edit = world.calls()
    assert edit.startswith("gh issue edit 12 --title Drift in dev: queue ")


@pytest.mark.parametrize(("known", "does"), [("12\n", ["gh issue close 12"]), ("", [])])
def test_drift_that_is_gone_closes_its_issue(world: World, known: str, does: list[str]) -> None:
    result(world)
    world.answer(LIST, known)
    assert world.run(FOLDER / "drift-issue", "dev", "out").returncode == 0
    _, *others = world.calls()
    assert [call[: len(expected)] for call, expected in zip(others, does, strict=True)] == does


def test_a_plan_that_wrote_no_result_closes_nothing(world: World) -> None:
    assert world.run(FOLDER / "drift-issue", "dev", "out").returncode != 0
    assert world.calls() == []


def test_the_last_report_of_main_is_the_baseline(world: World) -> None:
    world.answer("gh run list --workflow quality-gate.yml --branch main --status success", "9\n")
    done = world.run(FOLDER / "last-report", "quality-report", "baseline")
    assert done.stdout == "option=--baseline=baseline/report.json\n"
    assert world.calls()[1] == "gh run download 9 --name quality-report --dir baseline"


def test_only_a_repository_without_a_run_has_no_baseline(world: World) -> None:
    assert world.run(FOLDER / "last-report", "quality-report", "baseline").stdout == (
        "option=--no-baseline\n"
    )
    world.fail("gh run list")
    done = world.run(FOLDER / "last-report", "quality-report", "baseline")
    assert done.returncode != 0
    assert done.stdout == ""


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def branch(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of Renovate's branch, and the repository that it pushes to."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    git(world.folder, "init", "--bare", "--initial-branch=main", "origin.git")
    git(world.folder, "clone", "origin.git", "checkout")
    checkout = world.folder / "checkout"
    (checkout / "rendered").mkdir()
    for file in ("rendered/a.yaml", "requirements.lock", "evil.py"):
        (checkout / file).write_text("old\n")
    git(checkout, "add", "--all")
    git(checkout, "commit", "--message=first")
    return checkout


def patch(checkout: Path, *files: str) -> Path:
    """What the job `render` hands over, after these were rewritten."""
    for file in files:
        (checkout / file).parent.mkdir(parents=True, exist_ok=True)
        (checkout / file).write_text("new\n")
    git(checkout, "add", "--all")
    made = checkout.parent / "rendered.patch"
    made.write_text(git(checkout, "diff", "--cached", "--binary"))
    git(checkout, "reset", "--hard")
    return made


def push(world: World, checkout: Path, made: Path) -> subprocess.CompletedProcess[str]:
    return World(checkout).run(FOLDER / "push-rendered", str(made))


def pushed(world: World) -> str:
    return git(world.folder / "origin.git", "for-each-ref", "--format=%(refname)")


def test_locks_and_rendered_output_are_pushed_to_the_branch(world: World, branch: Path) -> None:
    made = patch(branch, "rendered/a.yaml", "rendered/prod/b.yaml", "requirements.lock")
    done = push(world, branch, made)
    assert done.returncode == 0, done.stderr
    assert pushed(world) == "refs/heads/renovate/helm\n"
    head = git(branch, "show", "--name-only", "--format=%ae", "HEAD").split()
    assert head == [
        *("render@ai-eval-platform.invalid", "rendered/a.yaml", "rendered/prod/b.yaml"),
        "requirements.lock",
    ]


@pytest.mark.parametrize(
    "file", ["evil.py", ".github/workflows/deploy.yml", "environments/prod.py"]
)
def test_nothing_else_comes_from_the_job_that_ran_the_update(
    world: World, branch: Path, file: str
) -> None:
    assert push(world, branch, patch(branch, file)).returncode == 0
    assert pushed(world) == ""
    assert push(world, branch, patch(branch, file, "rendered/a.yaml")).returncode == 0
    assert git(branch, "show", "--name-only", "--format=", "HEAD").split() == ["rendered/a.yaml"]


def test_nothing_to_add_pushes_nothing(world: World, branch: Path) -> None:
    made = world.folder / "rendered.patch"
    made.write_text("")
    assert push(world, branch, made).returncode == 0
    assert pushed(world) == ""


def test_all_of_terraform_but_apply_and_destroy_is_terraforms(world: World) -> None:
    script = FOLDER / "terraform-approved"
    assert world.run(script, "init", "-no-color").returncode == 0
    assert world.run(script, "output", "-json").returncode == 0
    assert world.calls() == ["terraform init -no-color", "terraform output -json"]
    assert world.run(script, "destroy", "-auto-approve").returncode == 1
    refused = world.run(script, "apply", "-auto-approve", "-no-color")
    assert refused.returncode == 1
    assert "APPROVED_PLANS holds no approval" in refused.stderr
    assert len(world.calls()) == 2


def test_what_tests_need_is_fetched_at_the_versions_written_down(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / ".ci", checkout / ".ci")
    (world.folder / "bin" / "curl").write_text(
        '#!/usr/bin/env bash\nfor last; do :; done\necho "curl $last" >> "$(dirname "$0")/../urls"\n'
        'while [[ "$1" != --output ]]; do shift; done\necho "kind: CustomResourceDefinition" > "$2"\n'
    )
    done = world.run(checkout / ".ci" / "fetch", ".tools")
    assert done.returncode == 0, done.stderr
    fetched = sorted(file.name for file in (checkout / ".tools" / "crds").iterdir())
    assert len(fetched) == 14
    if folder := os.environ.get("CRD_DIR"):
        assert {file.name for file in Path(folder).glob("*.yaml")} <= set(fetched)
    urls = (world.folder / "urls").read_text()
    assert "raw.githubusercontent.com/argoproj/argo-cd/v" in urls
    (mirror,) = world.calls()
    assert mirror.startswith("terraform -chdir=rendered/dev/terraform/state providers mirror /")


def test_what_is_no_definition_is_refused(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / ".ci", checkout / ".ci")
    (world.folder / "bin" / "curl").write_text(
        '#!/usr/bin/env bash\nwhile [[ "$1" != --output ]]; do shift; done\necho "404" > "$2"\n'
    )
    assert "is no definition" in world.run(checkout / ".ci" / "fetch", ".tools").stderr


def step(workflow: str, job: str, name: str) -> str:
    (run,) = (
        step["run"]
        for step in jobs(ROOT / ".github/workflows" / f"{workflow}.yml")[job]["steps"]
        if step.get("name") == name
    )
    assert isinstance(run, str)
    return run


def run_step(world: World, run: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """As GitHub runs it, with stand-ins for what was installed."""
    for folder, program in ((".venv/bin", "evalctl"), ("node_modules/.bin", "cdktf")):
        file = world.folder / folder / program
        file.parent.mkdir(parents=True)
        # The stand-in notes its calls one folder above its own.
        file.write_text(STAND_IN.replace("/..", "/../.."))
        file.chmod(0o755)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", run],
        cwd=world.folder,
        env={
            "PATH": f"{world.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_OUTPUT": str(world.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(world.folder / "summary"),
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_plan_before_an_approval_is_shown_guarded_and_handed_on(world: World) -> None:
    result(world, changed=("queue",))
    approved = {"prod-queue": "sha256:1"}
    document = {"changed": ["queue"], "failed": [], "approved": approved}
    (world.folder / "out" / "result.json").write_text(json.dumps(document))
    (world.folder / "out" / "plans").mkdir()
    for stack in ("network", "queue"):
        (world.folder / "out" / "plans" / f"{stack}.json").touch()
    world.answer("evalctl plan prod --out out", "### prod\n")
    allow = 'dev/queue:aws_x.y prod/queue:aws_kms_key.key prod/network:aws_y.z["*"]'
    done = run_step(
        world, step("deploy-environment", "plan", "Plan"), ENVIRONMENT="prod", ALLOW=allow
    )
    assert done.returncode == 0, done.stderr
    assert (world.folder / "summary").read_text() == "### prod\n"
    assert (world.folder / "output").read_text() == 'approved={"prod-queue":"sha256:1"}\n'
    assert world.calls()[1] == (
        "evalctl plan-guard out/plans/network.json out/plans/queue.json --env prod "
        '--allow=queue:aws_kms_key.key --allow=network:aws_y.z["*"]'
    )


@pytest.mark.parametrize("failing", ["evalctl plan prod", "evalctl plan-guard"])
def test_a_plan_that_fails_or_is_refused_is_never_up_for_approval(
    world: World, failing: str
) -> None:
    result(world)
    world.fail(failing)
    done = run_step(world, step("deploy-environment", "plan", "Plan"), ENVIRONMENT="prod", ALLOW="")
    assert done.returncode != 0
    assert not (world.folder / "output").exists()


def test_a_deploy_names_each_stack_and_no_other(world: World) -> None:
    world.answer("evalctl names prod", "region=x\nstacks=prod-network prod-queue\n")
    run = step("deploy-environment", "deploy", "Apply what was approved")
    assert run_step(world, run, ENVIRONMENT="prod").returncode == 0
    assert world.calls()[1] == (
        "cdktf deploy prod-network prod-queue --auto-approve --parallelism=3"
    )


def test_a_comparison_that_fails_is_not_taken_for_no_change(world: World) -> None:
    world.fail("evalctl changed-stacks")
    done = run_step(world, step("plan", "changed", "Compare with the base branch"))
    assert done.returncode != 0
    assert not (world.folder / "output").exists()


@pytest.mark.parametrize("score", ["0.91", "0.9", "null"])
def test_the_gates_last_word_is_the_briefs_own(world: World, score: str) -> None:
    (world.folder / "report.json").write_text(f'{{"summary": {{"faithfulness": {score}}}}}')
    run = step("quality-gate", "quality-gate", "Decide")
    done = run_step(world, run, BASELINE="--no-baseline")
    assert (done.returncode == 0) == (score == "0.91")
    assert world.calls() == [
        "evalctl gate results --out report.json --summary summary.md --rows rows.jsonl --no-baseline"
    ]
