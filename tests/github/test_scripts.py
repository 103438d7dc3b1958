"""Every script of the workflows, with the same arguments; gh, curl and terraform are stand-ins."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from environments.catalog import ARGOCD, EKS_VERSIONS
from evalctl.rehearsal.cluster import programs as cluster_programs
from tests.github.workflows import SCRIPTS, jobs, steps
from tests.github.workflows import Body as Json
from tests.support import tools
from tests.support.chart_repository import chart_repository
from tests.support.paths import ROOT

FOLDER = ROOT / ".github" / "scripts"
NEEDS_JQ = pytest.mark.usefixtures("jq")
# Records each call with the content of the files in its arguments, and prints the file in answers/ whose
# name is the longest beginning of the call.
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
longest=""
for answer in "$here"/answers/*; do
  name=$(basename "$answer" | tr '+' '/')
  if [[ "$called" == "$name"* && ${#name} -ge ${#longest} ]]; then longest=$name found=$answer; fi
done
if [[ -n "$longest" ]]; then cat "$found"; fi
if [[ -e "$here/fails" && "$called" == "$(cat "$here/fails")"* ]]; then exit 1; fi
"""


@pytest.fixture
def jq() -> str:
    return tools.program("jq", get_it="apt-get install jq")


@dataclass(frozen=True)
class Sandbox:
    """A folder with stand-ins for some programs, found first on the PATH."""

    folder: Path

    def run(
        self, program: Path | str, *arguments: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(program), *arguments],
            cwd=self.folder,
            env={
                "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(self.folder),
                "GITHUB_REPOSITORY": "someone/platform",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_RUN_ID": "42",
                "GITHUB_REF": "refs/heads/renovate/helm",
                "GITHUB_OUTPUT": str(self.folder / "output"),
                "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
                **variables,
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
def sandbox(tmp_path: Path) -> Sandbox:
    (tmp_path / "answers").mkdir()
    (tmp_path / "bin").mkdir()
    for program in ("gh", "curl", "terraform"):
        file = tmp_path / "bin" / program
        file.write_text(STAND_IN)
        file.chmod(0o755)
    return Sandbox(tmp_path)


def test_every_script_is_called_by_a_workflow_and_tested_here() -> None:
    called = "\n".join(str(step.body) for step in steps())
    tests = Path(__file__).read_text()
    for script in SCRIPTS:
        assert f".github/scripts/{script.name}" in called
        assert f'FOLDER / "{script.name}"' in tests


COMMENTS = "repos/someone/platform/issues/7/comments"


def test_the_first_comment_is_created(sandbox: Sandbox) -> None:
    (sandbox.folder / "comment.md").write_text("### prod\n")
    result = sandbox.run(FOLDER / "sticky-comment", "7", "plan", "comment.md")
    assert result.returncode == 0, result.stderr
    lookup, write = sandbox.calls()
    assert lookup.startswith(f"gh api --paginate {COMMENTS} ")
    assert write.startswith(f"gh api --silent --method POST {COMMENTS} ")
    assert write.endswith("\n<!-- ai-eval-platform: plan -->\n### prod")


def test_a_later_comment_replaces_the_first_of_its_name(sandbox: Sandbox) -> None:
    (sandbox.folder / "summary.md").write_text("open")
    sandbox.answer(f"gh api --paginate {COMMENTS}", "101\n102\n")
    assert sandbox.run(FOLDER / "sticky-comment", "7", "quality-gate", "summary.md").returncode == 0
    lookup, write = sandbox.calls()
    assert 'startswith("<!-- ai-eval-platform: quality-gate -->")' in lookup
    assert '.user.login == "github-actions[bot]"' in lookup
    assert " PATCH repos/someone/platform/issues/comments/101 " in write


def test_a_comment_that_is_too_long_for_github_is_cut(sandbox: Sandbox) -> None:
    (sandbox.folder / "comment.md").write_text("x" * 100_000)
    assert sandbox.run(FOLDER / "sticky-comment", "7", "plan", "comment.md").returncode == 0
    assert len(sandbox.calls()[1]) < 65_536


def test_without_a_summary_no_comment_is_written(sandbox: Sandbox) -> None:
    assert sandbox.run(FOLDER / "sticky-comment", "7", "plan", "missing.md").returncode != 0
    assert sandbox.calls() == []


def write_plan_result(
    sandbox: Sandbox, *, changed: tuple[str, ...] = (), failed: tuple[str, ...] = ()
) -> None:
    (sandbox.folder / "out").mkdir()
    (sandbox.folder / "out" / "summary.md").write_text("### dev: the summary\n")
    document = {"changed": changed, "failed": failed, "approved": {}}
    (sandbox.folder / "out" / "result.json").write_text(json.dumps(document))


LIST = "gh issue list --label drift: dev --state open"


@NEEDS_JQ
def test_drift_opens_an_issue_with_what_differs(sandbox: Sandbox) -> None:
    write_plan_result(sandbox, changed=("network", "delivery"))
    result = sandbox.run(FOLDER / "drift-issue", "dev", "out")
    assert result.returncode == 0, result.stderr
    lookup, label, create = sandbox.calls()
    assert lookup.startswith(LIST)
    assert label.startswith("gh label create drift: dev ")
    assert create.startswith("gh issue create --title Drift in dev: network, delivery ")
    assert "### dev: the summary" in create
    assert "actions/runs/42" in create


@NEEDS_JQ
def test_drift_with_an_open_issue_updates_it(sandbox: Sandbox) -> None:
    write_plan_result(sandbox, failed=("queue",))
    sandbox.answer(LIST, "12\n")
    assert sandbox.run(FOLDER / "drift-issue", "dev", "out").returncode == 0
    _, edit = sandbox.calls()
    assert edit.startswith("gh issue edit 12 --title Drift in dev: queue ")


@pytest.mark.parametrize(("known", "expected"), [("12\n", ["gh issue close 12"]), ("", [])])
@NEEDS_JQ
def test_drift_that_is_gone_closes_its_issue(
    sandbox: Sandbox, known: str, expected: list[str]
) -> None:
    write_plan_result(sandbox)
    sandbox.answer(LIST, known)
    assert sandbox.run(FOLDER / "drift-issue", "dev", "out").returncode == 0
    _, *others = sandbox.calls()
    assert [call[: len(start)] for call, start in zip(others, expected, strict=True)] == expected


def test_a_plan_without_a_result_closes_no_issue(sandbox: Sandbox) -> None:
    assert sandbox.run(FOLDER / "drift-issue", "dev", "out").returncode != 0
    assert sandbox.calls() == []


def test_the_last_report_of_main_is_the_baseline(sandbox: Sandbox) -> None:
    sandbox.answer("gh run list --workflow quality-gate.yml --branch main ", "9\n")
    result = sandbox.run(FOLDER / "last-report", "quality-report", "baseline")
    assert result.stdout == "option=--baseline=baseline/report.json\n"
    assert sandbox.calls()[1] == "gh run download 9 --name quality-report --dir baseline"


# `gh run list` with the runs of a repository, newest first. A branch's runs are those whose head has its
# name, in forks too (REST API, "List workflow runs for a workflow").
RUN_LIST = """#!/usr/bin/env python3
import argparse, subprocess, sys
if sys.argv[1:3] != ["run", "list"]: sys.exit()
parser = argparse.ArgumentParser()
for option in ("workflow", "branch", "event", "status", "limit", "json", "jq"):
    parser.add_argument("--" + option)
given = parser.parse_args(sys.argv[3:])
runs = [(12, "main", "pull_request", "success"), (11, "main", "push", "failure"),
        (10, "other", "push", "success"), (9, "main", "push", "success"), (8, "main", "push", "success")]
wanted = (given.branch, given.event, given.status)
found = [run[0] for run in runs if all(w in (None, r) for w, r in zip(wanted, run[1:]))]
print(*found[: int(given.limit)], sep="\\n")
"""


def test_a_forks_run_on_a_branch_of_the_same_name_is_no_baseline(sandbox: Sandbox) -> None:
    """Its author wrote the report."""
    gh = sandbox.folder / "bin" / "gh"
    gh.write_text(RUN_LIST + f'open("{sandbox.folder}/list", "w").write(str(found[0]))\n')
    result = sandbox.run(FOLDER / "last-report", "quality-report", "baseline")
    assert result.returncode == 0, result.stderr
    assert (sandbox.folder / "list").read_text() == "9"


def test_only_a_repository_without_a_run_has_no_baseline(sandbox: Sandbox) -> None:
    assert sandbox.run(FOLDER / "last-report", "quality-report", "baseline").stdout == (
        "option=--no-baseline\n"
    )
    sandbox.fail("gh run list")
    result = sandbox.run(FOLDER / "last-report", "quality-report", "baseline")
    assert result.returncode != 0
    assert result.stdout == ""


# As in GitHub's reference, "Get an environment", without what the script does not read.
REVIEWERS = {
    "id": 3755,
    "type": "required_reviewers",
    "prevent_self_review": True,
    "reviewers": [{"type": "Team", "reviewer": {"id": 1, "slug": "production-approvers"}}],
}
BRANCHES = {"protected_branches": False, "custom_branch_policies": True}
MAIN = {"id": 361472, "name": "main", "type": "branch"}


def require_environment_rules(
    sandbox: Sandbox, environment: Json, policies: list[Json], *, tier: str = "production"
) -> subprocess.CompletedProcess[str]:
    url = "gh api repos/someone/platform/environments/prod"
    document = {"id": 161088068, "name": "prod", "can_admins_bypass": False, **environment}
    sandbox.answer("evalctl names prod", f"tier={tier}\nbranch=main\naccount=1\n")
    sandbox.answer(url, json.dumps(document))
    listed = {"total_count": len(policies), "branch_policies": policies}
    sandbox.answer(f"{url}/deployment-branch-policies", json.dumps(listed))
    return run_step(sandbox, f'"{FOLDER / "require-environment-rules"}" prod')


@NEEDS_JQ
def test_a_protected_environment_is_accepted(sandbox: Sandbox) -> None:
    protected = {"protection_rules": [REVIEWERS], "deployment_branch_policy": BRANCHES}
    result = require_environment_rules(sandbox, protected, [MAIN])
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("changed", "policies", "reason"),
    [
        ({"protection_rules": []}, [MAIN], "without another person's approval"),
        (
            {"protection_rules": [{**REVIEWERS, "reviewers": []}]},
            [MAIN],
            "another person's approval",
        ),
        (
            {"protection_rules": [{**REVIEWERS, "prevent_self_review": False}]},
            [MAIN],
            "prevent self-review",
        ),
        ({"can_admins_bypass": True}, [MAIN], "lets administrators bypass"),
        ({"deployment_branch_policy": None}, [], "limit it to the branch main"),
        (
            # Without a protected branch every branch may deploy.
            {
                "deployment_branch_policy": {
                    "protected_branches": True,
                    "custom_branch_policies": False,
                }
            },
            [],
            "limit it to the branch main",
        ),
        ({}, [], "limit it to the branch main"),
        ({}, [MAIN, {"id": 2, "name": "*"}], "limit it to the branch main"),
        ({}, [{**MAIN, "type": "tag"}], "limit it to the branch main"),
    ],
)
@NEEDS_JQ
def test_production_is_not_planned_without_the_rules_of_its_environment(
    sandbox: Sandbox, changed: Json, policies: list[Json], reason: str
) -> None:
    protected = {"protection_rules": [REVIEWERS], "deployment_branch_policy": BRANCHES}
    result = require_environment_rules(sandbox, {**protected, **changed}, policies)
    assert result.returncode == 1
    assert result.stdout.startswith("::error::The GitHub environment prod ")
    assert reason in result.stdout


@NEEDS_JQ
def test_development_needs_the_branch_and_no_approval(sandbox: Sandbox) -> None:
    limited = {"protection_rules": [], "deployment_branch_policy": BRANCHES}
    result = require_environment_rules(sandbox, limited, [MAIN], tier="development")
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_environment_that_does_not_exist_is_refused(sandbox: Sandbox) -> None:
    sandbox.fail("gh api")
    result = require_environment_rules(sandbox, {"message": "Not Found", "status": "404"}, [])
    assert result.returncode == 1
    assert "does not exist" in result.stdout


@pytest.mark.parametrize(
    ("rules", "missing"),
    [
        ([], "creation, update, deletion"),
        (["creation", "deletion", "non_fast_forward"], "update"),
        (["creation", "update", "deletion"], None),
    ],
)
@NEEDS_JQ
def test_nothing_is_pushed_with_a_key_that_no_rule_set_restricts(
    sandbox: Sandbox, rules: list[str], missing: str | None
) -> None:
    document = [{"type": rule, "ruleset_source_type": "Repository"} for rule in rules]
    sandbox.answer("gh api repos/someone/platform/rules/branches/", json.dumps(document))
    result = sandbox.run(FOLDER / "require-key-rules")
    assert result.returncode == (0 if missing is None else 1)
    assert missing is None or f"no rule set restricts {missing} outside" in result.stdout


LOCKS = (
    "requirements-cdktn.lock",
    "requirements-installer.lock",
    "requirements-peers.lock",
    "requirements.lock",
    "workload/requirements.lock",
)


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def branch(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of Renovate's branch, with the repository that it is pushed to."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    git(sandbox.folder, "init", "--bare", "--initial-branch=main", "origin.git")
    git(sandbox.folder, "clone", "origin.git", "checkout")
    checkout = sandbox.folder / "checkout"
    (checkout / "rendered").mkdir()
    (checkout / "workload").mkdir()
    for file in ("rendered/a.yaml", "requirements.lock", "workload/requirements.lock", "evil.py"):
        (checkout / file).write_text("old\n")
    git(checkout, "add", "--all")
    git(checkout, "commit", "--message=first")
    return checkout


def patch(checkout: Path, *files: str) -> Path:
    """The patch of the job `render` after it changed these files."""
    for file in files:
        (checkout / file).parent.mkdir(parents=True, exist_ok=True)
        (checkout / file).write_text("new\n")
    git(checkout, "add", "--all")
    patch_file = checkout.parent / "rendered.patch"
    patch_file.write_text(git(checkout, "diff", "--cached", "--binary"))
    git(checkout, "reset", "--hard")
    return patch_file


def push(checkout: Path, patch_file: Path) -> subprocess.CompletedProcess[str]:
    return Sandbox(checkout).run(FOLDER / "push-rendered", str(patch_file))


def pushed(sandbox: Sandbox) -> str:
    return git(sandbox.folder / "origin.git", "for-each-ref", "--format=%(refname)")


def test_locks_and_rendered_output_are_pushed_to_the_branch(sandbox: Sandbox, branch: Path) -> None:
    patch_file = patch(branch, "rendered/a.yaml", "rendered/prod/b.yaml", *LOCKS)
    result = push(branch, patch_file)
    assert result.returncode == 0, result.stderr
    assert pushed(sandbox) == "refs/heads/renovate/helm\n"
    head = git(branch, "show", "--name-only", "--format=%ae", "HEAD").split()
    assert head == [
        *("render@ai-eval-platform.invalid", "rendered/a.yaml", "rendered/prod/b.yaml"),
        *LOCKS,
    ]


@pytest.mark.parametrize(
    "file", ["evil.py", ".github/workflows/deploy.yml", "environments/prod.py"]
)
def test_other_files_of_the_patch_are_ignored(sandbox: Sandbox, branch: Path, file: str) -> None:
    assert push(branch, patch(branch, file)).returncode == 0
    assert pushed(sandbox) == ""
    assert push(branch, patch(branch, file, "rendered/a.yaml")).returncode == 0
    assert git(branch, "show", "--name-only", "--format=", "HEAD").split() == ["rendered/a.yaml"]


def test_an_empty_patch_pushes_nothing(sandbox: Sandbox, branch: Path) -> None:
    patch_file = sandbox.folder / "rendered.patch"
    patch_file.write_text("")
    assert push(branch, patch_file).returncode == 0
    assert pushed(sandbox) == ""


IMAGES = {"orchestrator": "sha256:" + 64 * "a", "worker": "sha256:" + 64 * "b"}
REGISTRY = "999999999999.dkr.ecr.eu-north-1.amazonaws.com"


@pytest.fixture
def build(sandbox: Sandbox) -> Sandbox:
    """The programs of a job that pushes images."""
    for program in ("bin/docker", "bin/aws", ".venv/bin/evalctl"):
        file = sandbox.folder / program
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(STAND_IN.replace("..", "../..") if "venv" in program else STAND_IN)
        file.chmod(0o755)
    names = [f"{image}-repository=ai-eval-platform-dev/{image}" for image in IMAGES]
    sandbox.answer(
        "evalctl names dev", "\n".join(["region=eu-north-1", f"registry={REGISTRY}", *names])
    )
    return sandbox


def push_images(build: Sandbox) -> subprocess.CompletedProcess[str]:
    run = {"GITHUB_SHA": "0f3c", "GITHUB_RUN_ATTEMPT": "2"}
    return build.run(FOLDER / "push-images", "dev", **run)


def test_each_image_is_pushed_under_a_new_tag_and_its_digest_is_an_output(build: Sandbox) -> None:
    for image, digest in IMAGES.items():
        name = f"{REGISTRY}/ai-eval-platform-dev/{image}"
        inspected = "docker inspect --format {{range .RepoDigests}}{{println .}}{{end}} "
        build.answer(
            f"{inspected}{name}:release-0f3c-42-2", f"elsewhere/{image}@sha256:0\n{name}@{digest}\n"
        )
    result = push_images(build)
    assert result.returncode == 0, result.stderr
    for image, digest in IMAGES.items():
        name = f"{REGISTRY}/ai-eval-platform-dev/{image}"
        assert f"docker push --quiet {name}:release-0f3c-42-2" in build.calls()
        outputs = (build.folder / "output").read_text().splitlines()
        assert {f"{image}={digest}", f"{image}-name={name}"} <= set(outputs)


def test_an_image_without_a_digest_stops_the_job(build: Sandbox) -> None:
    result = push_images(build)
    assert (result.returncode, "reports no digest" in result.stdout) == (1, True)


def open_release(sandbox: Sandbox, checkout: Path) -> subprocess.CompletedProcess[str]:
    run = {
        "GITHUB_SHA": "0f3c",
        "GITHUB_REF_NAME": "main",
        "GITHUB_SERVER_URL": str(sandbox.folder),
    }
    (sandbox.folder / "someone").mkdir(exist_ok=True)
    return Sandbox(checkout).run(
        FOLDER / "open-release",
        "dev",
        **(run | {"PATH": f"{sandbox.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}),
    )


def test_a_release_becomes_a_branch_and_a_pull_request(sandbox: Sandbox, branch: Path) -> None:
    (sandbox.folder / "someone").mkdir()
    (sandbox.folder / "origin.git").rename(sandbox.folder / "someone" / "platform")
    for file in ("environments/images.json", "rendered/dev/worker.yaml", "other.txt"):
        (branch / file).parent.mkdir(parents=True, exist_ok=True)
        (branch / file).write_text("new\n")
    result = open_release(sandbox, branch)
    assert result.returncode == 0, result.stderr
    head = git(branch, "show", "--name-only", "--format=%s", "HEAD").split("\n")
    assert head[0] == "Release the images of 0f3c to dev"
    assert head[2:4] == ["environments/images.json", "rendered/dev/worker.yaml"]
    assert "refs/heads/release/images-42" in git(
        sandbox.folder / "someone" / "platform", "for-each-ref", "--format=%(refname)"
    )
    *_, opened = sandbox.calls()
    assert opened.startswith("gh pr create --head release/images-42 --base main --title ")


def test_images_that_run_already_open_no_pull_request(sandbox: Sandbox, branch: Path) -> None:
    for file in ("environments/images.json", "rendered/dev/worker.yaml"):
        (branch / file).parent.mkdir(parents=True, exist_ok=True)
        (branch / file).write_text("old\n")
    git(branch, "add", "--all")
    git(branch, "commit", "--message=second")
    result = open_release(sandbox, branch)
    assert (result.returncode, "already" in result.stdout) == (0, True)
    assert sandbox.calls() == []


def test_all_terraform_commands_except_apply_and_destroy_run_terraform(sandbox: Sandbox) -> None:
    script = FOLDER / "terraform-approved"
    assert sandbox.run(script, "init", "-no-color").returncode == 0
    assert sandbox.run(script, "output", "-json").returncode == 0
    assert sandbox.calls() == ["terraform init -no-color", "terraform output -json"]
    assert sandbox.run(script, "destroy", "-auto-approve").returncode == 1
    refused = sandbox.run(script, "apply", "-auto-approve", "-no-color")
    assert refused.returncode == 1
    assert "APPROVED_PLANS holds no approval" in refused.stderr
    assert len(sandbox.calls()) == 2


CHARTS = [("first", "1.0.0"), ("second", "2.1.0")]


def fetch(sandbox: Sandbox, *, downloaded: str) -> subprocess.CompletedProcess[str]:
    """Run `.ci/fetch` in a checkout of its own, with a curl that downloads this text.

    The charts come from a repository on loopback, by the real Helm.
    """
    checkout = sandbox.folder / "checkout"
    shutil.copytree(ROOT / ".ci", checkout / ".ci")
    programs = checkout / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "helm").symlink_to(tools.program("helm", get_it="`make setup` installs it"))
    (sandbox.folder / "bin" / "curl").write_text(
        '#!/usr/bin/env bash\nfor last; do :; done\necho "curl $last" >> "$(dirname "$0")/../urls"\n'
        f'while [[ "$1" != --output ]]; do shift; done\necho "{downloaded}" > "$2"\n'
    )
    with chart_repository(sandbox.folder / "charts", CHARTS) as repository:
        pins = "".join(f"echo {repository} {name} {version}\n" for name, version in CHARTS)
        (programs / "evalctl").write_text(f"#!/usr/bin/env bash\n{pins}")
        (programs / "evalctl").chmod(0o755)
        return sandbox.run(checkout / ".ci" / "fetch", ".tools")


def test_definitions_and_provider_are_downloaded_at_their_pinned_versions(sandbox: Sandbox) -> None:
    result = fetch(sandbox, downloaded="kind: CustomResourceDefinition")
    assert result.returncode == 0, result.stderr
    fetched = {file.name for file in (sandbox.folder / "checkout/.tools/crds").iterdir()}
    assert len(fetched) == 14
    if folder := os.environ.get("CRD_DIR"):
        assert {file.name for file in Path(folder).glob("*.yaml")} <= fetched
    charts = {file.name for file in (sandbox.folder / "checkout/.tools/charts").iterdir()}
    assert charts == {f"{name}-{version}.tgz" for name, version in CHARTS}
    urls = (sandbox.folder / "urls").read_text()
    assert "raw.githubusercontent.com/argoproj/argo-cd/v" in urls
    (mirror,) = sandbox.calls()
    assert mirror.startswith("terraform -chdir=rendered/dev/terraform/state providers mirror /")


def test_a_download_that_is_not_a_definition_is_refused(sandbox: Sandbox) -> None:
    assert "is not a CustomResourceDefinition" in fetch(sandbox, downloaded="404").stderr


# Downloads a text that names the address, its hash beside it, or an archive with the program.
RELEASES = """#!/usr/bin/env bash
set -euo pipefail
for url; do :; done
while [[ "$1" != --output ]]; do shift; done
case "$url" in
  *.sha256) echo "of ${url%.sha256}" | sha256sum | head -c 64 > "$2" ;;
  */SHA256SUMS) cat "$(dirname "$0")/archive.sha256" > "$2" ;;
  *.tar.gz) cp "$(dirname "$0")/archive" "$2" ;;
  *) echo "of $url" > "$2" ;;
esac
"""
# A container's id is its image, so that what is copied out of it names the image.
DOCKER = """#!/usr/bin/env bash
set -euo pipefail
case "$1 $2" in
  "create "*) echo "${2//[@:\\/]/+}" ;;
  "container inspect") echo /bin/program ;;
  "cp "*) echo "$3" > "$4" && chmod 755 "$4" ;;
esac
"""


def fetch_programs(sandbox: Sandbox, *, etcd: str = "etcd") -> subprocess.CompletedProcess[str]:
    """Run `.ci/fetch programs`; the publishers' sums are those of an archive with `etcd`."""
    checkout = sandbox.folder / "checkout"
    for folder in (".ci", "environments"):
        shutil.copytree(ROOT / folder, checkout / folder)
    programs = {"curl": RELEASES, "docker": DOCKER, "dpkg": "#!/usr/bin/env bash\necho amd64\n"}
    for name, text in programs.items():
        (sandbox.folder / "bin" / name).write_text(text)
        (sandbox.folder / "bin" / name).chmod(0o755)
    (version,) = re.findall(r"^etcd=(\S+)$", (ROOT / ".ci/fetch").read_text(), re.MULTILINE)
    name = f"etcd-{version}-linux-amd64"
    (sandbox.folder / name).mkdir()
    (sandbox.folder / name / "etcd").write_text("etcd")
    (sandbox.folder / name / "etcd").chmod(0o755)
    archive = sandbox.folder / "bin" / "archive"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(sandbox.folder / name, arcname=name)
    content = archive.read_bytes() if etcd == "etcd" else etcd.encode()
    sums = f"{hashlib.sha256(content).hexdigest()}  {name}.tar.gz\n"
    (sandbox.folder / "bin" / "archive.sha256").write_text(f"{'0' * 64}  other.tar.gz\n{sums}")
    return sandbox.run(checkout / ".ci" / "fetch", "programs", ".tools/programs")


def test_the_programs_of_a_cluster_are_all_that_a_rehearsal_needs(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools.program("redis-server", get_it="apt-get install redis-server")
    result = fetch_programs(sandbox)
    assert result.returncode == 0, result.stderr
    folder = sandbox.folder / "checkout/.tools/programs"
    monkeypatch.setenv(cluster_programs.VARIABLE, str(folder))
    monkeypatch.delenv(cluster_programs.MANIFEST_VARIABLE, raising=False)
    for minor, eks in EKS_VERSIONS.items():
        found = cluster_programs.find(minor)
        kubelet = eks.node_release.partition("-")[0]
        assert f"/v{kubelet}/" in Path(found.path("kube-apiserver")).read_text()
    assert ARGOCD.image_digest.partition(":")[2] in (folder / "argocd").read_text()
    assert ARGOCD.commit in (folder / f"install-{ARGOCD.version}.yaml").read_text()
    assert {path.name for path in folder.iterdir() if path.suffix in (".gz", ".sha256")} == set()


def test_a_program_with_another_hash_is_refused(sandbox: Sandbox) -> None:
    result = fetch_programs(sandbox, etcd="another")
    assert result.returncode == 1
    assert ".tar.gz does not have the hash of its release" in result.stderr
    assert not (sandbox.folder / "checkout/.tools/programs/etcd").exists()


def test_every_image_is_fetched_by_its_digest() -> None:
    images = re.findall(r"^\w+_image=(\S+)$", (ROOT / ".ci/fetch").read_text(), re.MULTILINE)
    assert len(images) == 4
    for image in images:
        assert re.fullmatch(r"v[\d.]+@sha256:[0-9a-f]{64}", image)


def test_the_error_of_a_missing_program_names_the_command_that_fetches_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(cluster_programs.VARIABLE, raising=False)
    with pytest.raises(cluster_programs.ProgramsMissingError) as refused:
        cluster_programs.find("1.35")
    (command,) = re.findall(r"`(\.ci/fetch \S+) FOLDER`", str(refused.value))
    assert f"#        {command} DIR" in (ROOT / ".ci/fetch").read_text()


def step(workflow: str, job: str, name: str) -> str:
    (run,) = (
        step["run"]
        for step in jobs(ROOT / ".github/workflows" / f"{workflow}.yml")[job]["steps"]
        if step.get("name") == name
    )
    assert isinstance(run, str)
    return run


def run_step(sandbox: Sandbox, run: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a step like GitHub, with stand-ins for the installed programs."""
    for folder, program in ((".venv/bin", "evalctl"), ("node_modules/.bin", "cdktf")):
        file = sandbox.folder / folder / program
        file.parent.mkdir(parents=True)
        # The stand-in records its calls in the parent of its folder; here that is one folder higher.
        file.write_text(STAND_IN.replace("/..", "/../.."))
        file.chmod(0o755)
    return sandbox.run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", run, **variables)


@NEEDS_JQ
def test_a_plan_is_shown_checked_for_losses_and_passed_to_the_deploy(sandbox: Sandbox) -> None:
    write_plan_result(sandbox, changed=("queue",))
    approved = {"prod-queue": "sha256:1"}
    document = {"changed": ["queue"], "failed": [], "approved": approved}
    (sandbox.folder / "out" / "result.json").write_text(json.dumps(document))
    (sandbox.folder / "out" / "plans").mkdir()
    for stack in ("network", "queue"):
        (sandbox.folder / "out" / "plans" / f"{stack}.json").touch()
    sandbox.answer("evalctl plan prod --out out", "### prod\n")
    allow = 'dev/queue:aws_x.y prod/queue:aws_kms_key.key prod/network:aws_y.z["*"]'
    result = run_step(
        sandbox, step("deploy-environment", "plan", "Plan"), ENVIRONMENT="prod", ALLOW=allow
    )
    assert result.returncode == 0, result.stderr
    assert (sandbox.folder / "summary").read_text() == "### prod\n"
    assert (sandbox.folder / "output").read_text() == 'approved={"prod-queue":"sha256:1"}\n'
    assert sandbox.calls()[1] == (
        "evalctl plan-guard out/plans/network.json out/plans/queue.json --env prod "
        '--allow=queue:aws_kms_key.key --allow=network:aws_y.z["*"]'
    )


@pytest.mark.parametrize("failing", ["evalctl plan prod", "evalctl plan-guard"])
def test_a_plan_that_fails_or_is_refused_cannot_be_approved(sandbox: Sandbox, failing: str) -> None:
    write_plan_result(sandbox)
    sandbox.fail(failing)
    result = run_step(
        sandbox, step("deploy-environment", "plan", "Plan"), ENVIRONMENT="prod", ALLOW=""
    )
    assert result.returncode != 0
    assert not (sandbox.folder / "output").exists()


def test_a_deploy_lists_every_stack_of_the_environment(sandbox: Sandbox) -> None:
    sandbox.answer("evalctl names prod", "region=x\nstacks=prod-network prod-queue\n")
    run = step("deploy-environment", "deploy", "Apply the approved plans")
    assert run_step(sandbox, run, ENVIRONMENT="prod").returncode == 0
    assert sandbox.calls()[1:] == [
        "evalctl terraform-settings",
        "cdktf deploy prod-network prod-queue --auto-approve --parallelism=3",
    ]


def test_a_deploy_starts_nothing_without_the_settings_of_terraform(sandbox: Sandbox) -> None:
    sandbox.answer("evalctl names prod", "stacks=prod-network\n")
    sandbox.fail("evalctl terraform-settings")
    run = step("deploy-environment", "deploy", "Apply the approved plans")
    assert run_step(sandbox, run, ENVIRONMENT="prod").returncode != 0
    assert not [call for call in sandbox.calls() if call.startswith("cdktf")]


def test_a_failed_comparison_is_not_the_same_as_no_change(sandbox: Sandbox) -> None:
    sandbox.fail("evalctl changed-stacks")
    result = run_step(sandbox, step("plan", "changed", "Compare with the base branch"))
    assert result.returncode != 0
    assert not (sandbox.folder / "output").exists()


def test_what_charts_make_is_compared_with_the_base_branch_and_in_the_summary(
    sandbox: Sandbox,
) -> None:
    sandbox.answer("evalctl charts-diff --base HEAD^1", "### Charts\n")
    run = step("charts", "charts", "Compare what the charts make with the base branch")
    assert run_step(sandbox, run).returncode == 0
    assert (sandbox.folder / "charts.md").read_text() == "### Charts\n"
    assert (sandbox.folder / "summary").read_text() == "### Charts\n"


def test_a_chart_that_cannot_be_compared_fails_the_step(sandbox: Sandbox) -> None:
    sandbox.fail("evalctl charts-diff")
    run = step("charts", "charts", "Compare what the charts make with the base branch")
    assert run_step(sandbox, run).returncode != 0


@pytest.mark.parametrize("score", ["0.91", "0.9", "null"])
@NEEDS_JQ
def test_the_step_also_requires_the_faithfulness_with_jq(sandbox: Sandbox, score: str) -> None:
    (sandbox.folder / "report.json").write_text(f'{{"summary": {{"faithfulness": {score}}}}}')
    run = step("quality-gate", "quality-gate", "Decide")
    result = run_step(sandbox, run, BASELINE="--no-baseline")
    assert (result.returncode == 0) == (score == "0.91")
    assert sandbox.calls() == [
        "evalctl gate results --out report.json --summary summary.md --rows rows.jsonl --no-baseline"
    ]
