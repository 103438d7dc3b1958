"""Code owners, the pull request template, the versions that Renovate updates, and commit hooks."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from environments.catalog import ADDON_SETS, EKS_VERSIONS
from environments.registry import ENVIRONMENTS
from environments.spec import Tier
from tests.support.paths import ROOT

TOOLS = Path(sys.executable).parent
OWNERS = [
    line.split()
    for line in (ROOT / ".github" / "CODEOWNERS").read_text().splitlines()
    if line and not line.startswith("#")
]
(APPROVERS,) = (owners for pattern, *owners in OWNERS if pattern == "*")


def test_every_path_with_owners_exists_and_the_owners_are_teams_of_the_organisation() -> None:
    organisations = {env.repository.owner for env in ENVIRONMENTS}
    for pattern, *owners in OWNERS:
        assert pattern == "*" or list(ROOT.glob(pattern.strip("/"))), pattern
        assert owners
        assert {owner.removeprefix("@").partition("/")[0] for owner in owners} == organisations, (
            f"{pattern}: write teams of `repository.owner` into .github/CODEOWNERS"
        )


def owners_of(path: str) -> list[str]:
    """The owners of the last matching line."""
    return [
        owners
        for pattern, *owners in OWNERS
        if pattern == "*" or f"/{path}".startswith(pattern)  # the name of a file, or a folder
    ][-1]


def test_production_has_its_own_owners() -> None:
    for env in ENVIRONMENTS:
        rendered = owners_of(f"rendered/{env.name}/terraform/network/cdk.tf.json")
        if env.tier is Tier.PRODUCTION:
            assert rendered == APPROVERS
            assert owners_of(f"environments/{env.name}.py") == APPROVERS
        else:
            assert rendered != APPROVERS
    for path in ("evals/gate/pins.py", ".ci/run", "evalctl/checks/policy_skips.toml"):
        assert owners_of(path) == APPROVERS


def test_production_approvers_own_everything_that_a_deploy_runs() -> None:
    """All code of a deploy runs with the deploy role's credentials."""
    program = (
        "import stacks.app, evalctl.main, evalctl.plans.approval, evalctl.plans.plan, sys;"
        "print(*(getattr(module, '__file__', None) for module in sys.modules.values()), sep='\\n')"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    ours = [
        Path(file).relative_to(ROOT).as_posix()
        for file in loaded
        if Path(file).is_relative_to(ROOT) and not Path(file).is_relative_to(sys.prefix)
    ]
    assert {path.partition("/")[0] for path in ours} >= {"stacks", "environments", "evalctl"}
    other_files = [
        *("Makefile", "cdktf.json", "package.json", "package-lock.json", "pyproject.toml"),
        *(file.name for file in ROOT.glob("requirements*.lock")),
        *(".github/workflows/deploy.yml", ".github/scripts/terraform-approved"),
        # Python finds these before the package of the same name, so new files at the root count too.
        *("constructs.py", "jsii/__init__.py"),
    ]
    assert [path for path in ours + other_files if owners_of(path) != APPROVERS] == []


def test_the_pull_request_template_has_the_questions_of_a_reviewer() -> None:
    text = (ROOT / ".github" / "pull_request_template.md").read_text()
    for topic in ("why now", "could go wrong", "Rollback", "make render", "stack:address", "dev"):
        assert topic in text


@pytest.fixture(scope="module")
def renovate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Renovate's configuration. JSON5 is JavaScript, so Node reads it."""
    program = (
        "const text = require('fs').readFileSync(process.argv[1], 'utf8');"
        "console.log(JSON.stringify(eval('(' + text + ')')))"
    )
    file = ROOT / "renovate.json5"
    command = [str(TOOLS / "node"), "--eval", program, str(file)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    copy = tmp_path_factory.mktemp("renovate") / "renovate.json"
    copy.write_text(output)
    schema = ["--builtin-schema", "vendor.renovate"]
    subprocess.run([str(TOOLS / "check-jsonschema"), *schema, str(copy)], check=True)
    document: dict[str, Any] = json.loads(output)
    return document


def matches(manager: dict[str, Any], file: str) -> list[dict[str, str]]:
    """The matches of a manager's regular expressions, whose groups Python writes differently."""
    patterns = [pattern[1:-1] for pattern in manager["managerFilePatterns"]]
    if not any(re.search(pattern, file) for pattern in patterns):
        return []
    text = (ROOT / file).read_text()
    return [
        match.groupdict()
        for expression in manager["matchStrings"]
        for match in re.finditer(expression.replace("(?<", "(?P<"), text)
    ]


def test_every_chart_and_add_on_of_the_catalog_is_updated(renovate: dict[str, Any]) -> None:
    found = [
        (manager["datasourceTemplate"], match)
        for manager in renovate["customManagers"]
        if "datasourceTemplate" in manager
        for match in matches(manager, "environments/catalog.py")
    ]
    charts = {(match["depName"], match["currentValue"]) for kind, match in found if kind == "helm"}
    assert charts == {
        (chart.name, chart.version)
        for addon_set in ADDON_SETS.values()
        for chart in addon_set.charts.values()
    }
    addons = [(m["minor"], m["currentValue"]) for kind, m in found if kind == "aws-eks-addon"]
    assert sorted(addons) == sorted(
        (minor, value)
        for minor, version in EKS_VERSIONS.items()
        for value in (
            *(version.vpc_cni, version.coredns, version.kube_proxy),
            *(version.ebs_csi_driver, version.pod_identity_agent),
        )
    )
    releases = {m["currentValue"] for kind, m in found if kind == "custom.eks-node-release"}
    assert releases == {version.node_release for version in EKS_VERSIONS.values()}
    images = {match["currentValue"] for kind, match in found if kind == "docker"}
    assert images == {version.cluster_autoscaler for version in EKS_VERSIONS.values()}


def test_every_source_of_our_own_is_defined_and_every_release_has_a_date_or_needs_none(
    renovate: dict[str, Any],
) -> None:
    """Renovate 42 and later never updates what has a `minimumReleaseAge` and no date."""
    used = {
        one["datasourceTemplate"]
        for one in renovate["customManagers"]
        if "datasourceTemplate" in one
    }
    ours = {f"custom.{name}" for name in renovate["customDatasources"]}
    assert {source for source in used if source.startswith("custom.")} == ours
    for source in renovate["customDatasources"].values():
        assert "releaseTimestamp" in str(source["transformTemplates"])
    without_wait = {
        source
        for rule in renovate["packageRules"]
        if rule.get("minimumReleaseAge", "") is None
        for source in rule["matchDatasources"]
    }
    assert used - ours - {"helm"} == without_wait


@pytest.mark.parametrize(
    "file",
    [
        *(".ci/fetch", ".github/actions/aws/action.yml", ".github/actions/real-tools/action.yml"),
        ".github/workflows/images.yml",
    ],
)
def test_every_version_below_a_comment_is_updated(renovate: dict[str, Any], file: str) -> None:
    (manager,) = (one for one in renovate["customManagers"] if "datasourceTemplate" not in one)
    found = matches(manager, file)
    assert len(found) == (ROOT / file).read_text().count("# renovate:") > 0
    assert all(match["currentValue"][0] in "v0123456789" for match in found)
    with_digest = [match for match in found if match["datasource"] == "docker"]
    assert all(match["currentDigest"] for match in with_digest)
    assert not any("@" in match["currentValue"] for match in found)


def test_the_pins_of_the_way_out_are_updated_apart_from_the_packages_in_use(
    renovate: dict[str, Any],
) -> None:
    assert "pep621" in renovate["enabledManagers"]  # it reads the groups of pyproject.toml too
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    pinned = {pin.partition("==")[0] for pin in groups["cdktn"] if "==" in pin}
    rules = [
        one for one in renovate["packageRules"] if pinned & set(one.get("matchPackageNames", []))
    ]
    assert [set(rule["matchPackageNames"]) for rule in rules] == [pinned]
    everything = next(
        one for one in renovate["packageRules"] if one.get("groupName") == "Python packages"
    )
    # The last rule that matches names the group.
    assert renovate["packageRules"].index(rules[0]) > renovate["packageRules"].index(everything)


def test_the_branches_of_the_workflow_render_are_those_of_renovate(
    renovate: dict[str, Any],
) -> None:
    workflow = (ROOT / ".github/workflows/render.yml").read_text()
    assert f'branches: ["{renovate["branchPrefix"]}**"]' in workflow
    (author,) = renovate["gitIgnoredAuthors"]
    assert f"user.email={author}" in (ROOT / ".github/scripts/push-rendered").read_text()


def test_commit_hooks_are_installed_and_need_no_network() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    (repository,) = config["repos"]
    assert repository["repo"] == "local"
    hooks = {hook["id"]: hook for hook in repository["hooks"]}
    assert "secret-scan" in hooks
    for hook in hooks.values():
        assert hook["language"] == "system"
        program, *_ = hook["entry"].split()
        assert (TOOLS / program.removeprefix(".venv/bin/")).exists()
