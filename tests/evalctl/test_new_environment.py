"""`evalctl new-environment`, on a copy of this repository that the test may change."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from operator import attrgetter
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.images import Digests, Image
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from environments.rules import problems, require_valid
from environments.rules.network import RESERVED_NETWORKS
from environments.spec import Environment
from evalctl import new_environment
from evalctl.benchmarks.render import PACKAGES
from evalctl.checks import policy
from evalctl.release import PLACEHOLDER
from tests.evalctl.conftest import KNOWN, edit, evalctl, invoked, own
from tests.evalctl.rendering.test_tree import contents
from tests.support.paths import ROOT

EACH_SOURCE = pytest.mark.parametrize("source", ENVIRONMENTS, ids=lambda env: env.name)
# For what renders all environments.
FIRST_SOURCE_AND_OTHERS_IN_REHEARSALS = pytest.mark.parametrize(
    "source",
    [
        pytest.param(env, id=env.name, marks=() if env is DEV else pytest.mark.rehearsal)
        for env in ENVIRONMENTS
    ],
)
NAME = "load-test"
# The command changes none of these, and a change would be seen: links are followed.
LINKED = {*PACKAGES, "evals", "tests"} - {"environments"}
State = dict[Path, tuple[int, int]]


def copy(folder: Path, rendered: Path) -> Path:
    """Every file of the repository, and what is rendered from it; programs and tests are links."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for part in LINKED:
        (folder / part).symlink_to(ROOT / part)
    for path in listed:
        if path and path.partition("/")[0] not in {*LINKED, "rendered"} and (ROOT / path).exists():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, folder / path)
    shutil.copytree(rendered, folder / "rendered")
    return folder


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory, rendered: Path) -> tuple[Path, State]:
    """A checkout that no test changes, and its files."""
    folder = copy(tmp_path_factory.mktemp("unchanged"), rendered)
    return folder, state(folder)


@pytest.fixture
def checkout(tmp_path: Path, unchanged: tuple[Path, State]) -> Path:
    subprocess.run(["cp", "-a", f"{unchanged[0]}/.", str(tmp_path)], check=True)
    return tmp_path


def files(checkout: Path) -> dict[str, str]:
    """The text of every file that git does not ignore."""
    return {
        str(path.relative_to(checkout)): path.read_bytes().decode("utf-8", "replace")
        for path in _of_git(checkout)
    }


def state(checkout: Path) -> State:
    """When each of these files was written, by its path: a change of its text changes that."""
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in _of_git(checkout)}


def _of_git(checkout: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(checkout, followlinks=True):
        folders[:] = set(folders) - {".evalctl", "__pycache__"}
        yield from (Path(folder, name) for name in names)


def new(source: Environment, *, among: tuple[Environment, ...] = ENVIRONMENTS) -> Environment:
    return new_environment.value(
        among, name=NAME, source=source, promotes_from=source.promotes_from
    )


def read_back(checkout: Path) -> tuple[str, ...]:
    """The registry's environments, as Python shows them in the checkout."""
    program = "from environments.registry import ENVIRONMENTS\nfor env in ENVIRONMENTS: print(env)"
    printed = subprocess.run(
        [sys.executable, "-B", "-c", program],
        cwd=checkout,
        env={"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return tuple(printed.splitlines())


def without_digests(env: Environment) -> str:
    """The object of the digests shows its address."""
    return str(replace(env, images={})).partition("images=")[0]


@FIRST_SOURCE_AND_OTHERS_IN_REHEARSALS
def test_a_new_environment_is_accepted_and_rendered_and_no_other_file_changes(
    checkout: Path, source: Environment
) -> None:
    before = files(checkout)
    made = evalctl(checkout, "new-environment", NAME, "--from", source.name, folder="rendered/dev")
    assert made.returncode == 0, made.stderr
    after = files(checkout)
    changed = {path for path in after if after[path] != before.get(path)}
    names_it = {
        "environments/images.json",
        "environments/registry.py",
        ".github/workflows/deploy.yml",
    }
    assert before.keys() == after.keys() - {"environments/load_test.py"}
    assert changed - {".github/CODEOWNERS"} == {"environments/load_test.py", *names_it}
    assert set(made.stdout.splitlines()) >= {f"  {path}" for path in changed}
    shown = [env.partition("images=")[0] for env in read_back(checkout)]
    assert shown == [without_digests(env) for env in (*ENVIRONMENTS, new(source))]

    rendered = evalctl(checkout, "render")

    assert rendered.returncode == 0, rendered.stderr
    fresh = contents(checkout / "rendered")
    others = {path: text for path, text in fresh.items() if not path.startswith(f"{NAME}/")}
    assert {f"rendered/{path}": text for path, text in others.items()} == {
        path: text for path, text in before.items() if path.startswith("rendered/")
    }
    copied = {path for path in fresh if path.startswith(f"{source.name}/")}
    assert fresh.keys() - others.keys() == {
        path.replace(f"{source.name}/", f"{NAME}/", 1).replace(f"-{source.name}", f"-{NAME}")
        for path in copied
    }
    text = "".join(text for path, text in fresh.items() if path.startswith(f"{NAME}/"))
    assert source.account.id not in text
    assert source.orchestrator.hostname not in text
    assert "No image was released yet for " in rendered.stdout
    assert f"{NAME}: {', '.join(Image)}. Their digests" in rendered.stdout


@pytest.mark.rehearsal
@EACH_SOURCE
def test_a_new_environment_follows_the_rules_for_workflows_owners_and_policies(
    checkout: Path, source: Environment
) -> None:
    """The rules are the repository's own tests, run in the checkout with one environment more."""
    made = evalctl(checkout, "new-environment", NAME, "--from", source.name)
    assert made.returncode == 0, made.stderr
    assert evalctl(checkout, "render", "--env", NAME).returncode == 0
    program: tuple[str, ...] = (sys.executable, "-m")
    owners = "tests/github/test_reviews.py::test_"
    commands: tuple[tuple[str, ...], ...] = (
        (*program, "ruff", "format", "--check", "environments"),
        (*program, "ruff", "check", "environments"),
        (*program, "mypy", "environments"),
        (
            *(*program, "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"),
            # No script of a step changes, so what checks scripts is left out.
            *("tests/github/test_workflows.py", "-k", "not shellcheck and not commands_of_a_step"),
            f"{owners}every_path_with_owners_exists_and_the_owners_are_teams_of_the_organisation",
            f"{owners}production_has_its_own_owners",
            "tests/environments/test_images.py",
        ),
    )
    for command in commands:
        result = subprocess.run(
            command,
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": str(checkout)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
    for env in ENVIRONMENTS:
        shutil.rmtree(checkout / "rendered" / env.name)
    found = policy.findings(checkout / "rendered", (*ENVIRONMENTS, new(source)))
    assert [finding for finding in found if finding.file != policy.SKIPS.name] == []


def test_what_a_person_must_fill_in_is_listed_and_the_zeros_are_explained(checkout: Path) -> None:
    made = evalctl(checkout, "new-environment", NAME, "--from", "dev", "--promotes-from", "dev")
    assert made.returncode == 0, made.stderr
    value = replace(new(DEV), promotes_from="dev")
    for text in (
        *(value.account.id, value.orchestrator.hostname, value.network.vpc_cidr),
        *value.cluster.admin_role_names,
        "environments/load_test.py",
        "make render",
        f"the environment {NAME} on GitHub",
        "environments/images.json has zeros",
        f"evalctl promote COMPONENT --to {NAME}",
        f'If prod is to run only what {NAME} runs: promotes_from="{NAME}" in environments/prod.py',
    ):
        assert text in made.stdout, text
    digests = json.loads((checkout / "environments" / "images.json").read_text())[NAME]
    assert digests == dict.fromkeys(Image, PLACEHOLDER)


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("dev", (), "There is an environment 'dev' already (environments/registry.py)"),
        ("Qa", (), "name: 'Qa' cannot be part of AWS and Kubernetes names"),
        ("", (), "name: '' cannot be part of AWS and Kubernetes names"),
        ("a b", (), "name: 'a b' cannot be part"),
        ("a_b", (), "name: 'a_b' cannot be part"),
        ("a--b", (), "name: 'a--b' cannot be part"),
        ("../qa", (), "name: '../qa' cannot be part"),
        ("qa\n", (), r"name: 'qa\n' cannot be part"),
        ("q" * 40, (), "shorten the environment's name by"),
        ("spec", (), "environments/spec.py exists already. Choose another name than 'spec'"),
        ("rules", (), "environments/rules exists already. Choose another name than 'rules'"),
        ("environments", (), "is a word of Python, of YAML or of environments/registry.py"),
        ("import", (), "is a word of Python, of YAML"),
        ("on", (), "is a word of Python, of YAML"),
        ("qa", ("--from", "nowhere"), f"There is no environment 'nowhere'. Known: {KNOWN}"),
        ("qa", ("--promotes-from", "nowhere"), "There is no environment 'nowhere'"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_and_nothing_changes(
    unchanged: tuple[Path, State], name: str, options: tuple[str, ...], reason: str
) -> None:
    checkout, before = unchanged
    result = invoked(checkout, "new-environment", name, "--from", "dev", *options)
    assert result.returncode == 1, result.stderr
    assert reason in result.stderr
    assert state(checkout) == before


@pytest.mark.parametrize(
    ("path", "old", "now", "reason"),
    [
        ("environments/dev.py", "DEV = E", "OTHER = DEV = E", "has no line `DEV = …`"),
        ("environments/registry.py", "ENVIRONMENTS = (", "ENVIRONMENTS = tuple((", "in a tuple"),
        (".github/workflows/deploy.yml", "  dev:\n", "  other:\n", "has no job 'dev' to copy"),
        ("environments/prod.py", "nodes=3,", "nodes=2,", "break rules; correct them first"),
        ("environments/dev.py", 'images_of("dev")', 'images_of(environment="dev")', "Write it so"),
        (
            "environments/dev.py",
            f'vpc_cidr="{DEV.network.vpc_cidr}",',
            f'**{{"vpc_cidr": "{DEV.network.vpc_cidr}"}},',
            "does not write network.vpc_cidr as an argument",
        ),
    ],
)
def test_a_file_of_another_form_is_refused_and_nothing_changes(
    checkout: Path, path: str, old: str, now: str, reason: str
) -> None:
    edit(checkout / path, old, now)
    if "tuple((" in now:
        (checkout / path).write_text((checkout / path).read_text() + ")\n")
    before = state(checkout)
    result = evalctl(checkout, "new-environment", "qa", "--from", "dev")
    assert result.returncode == 1, result.stderr
    assert reason in result.stderr
    assert "Traceback" not in result.stderr
    assert state(checkout) == before


def test_a_missing_workflow_is_reported_and_nothing_changes(checkout: Path) -> None:
    (checkout / ".github" / "workflows" / "deploy.yml").unlink()
    before = state(checkout)
    result = evalctl(checkout, "new-environment", "qa", "--from", "dev")
    assert result.returncode == 1
    assert "`git checkout .github/workflows/deploy.yml` restores it" in result.stderr
    assert state(checkout) == before


def test_a_failed_write_leaves_no_half_environment(checkout: Path) -> None:
    """The last file cannot be written: its folder has become read-only."""
    edit(
        own(checkout, "evalctl") / "rendering" / "changes.py",
        "    data = text.encode",
        '    if file.name == "CODEOWNERS" and "qa" in text: raise OSError(30, "Read-only", str(file))\n'
        "    data = text.encode",
    )
    before = files(checkout)
    result = evalctl(checkout, "new-environment", "qa", "--from", "dev")
    assert result.returncode == 1
    assert "CODEOWNERS cannot be used: Read-only" in result.stderr
    assert files(checkout) == before


@EACH_SOURCE
def test_only_the_listed_fields_differ_from_the_source(source: Environment) -> None:
    value = new(source)
    differs = {
        field
        for field in new_environment.FIELDS
        if attrgetter(field)(value) != attrgetter(field)(source)
    }
    assert differs == {*new_environment.FIELDS} - {"promotes_from"}
    restored = replace(
        value,
        name=source.name,
        images=source.images,
        account=source.account,
        repository=source.repository,
        network=source.network,
        orchestrator=source.orchestrator,
    )
    assert restored == source
    assert isinstance(value.images, Digests)
    assert value.images.environment == NAME


def test_many_environments_in_a_row_break_no_rule() -> None:
    among: tuple[Environment, ...] = ENVIRONMENTS
    for index in range(40):
        source = among[index % 7 % len(among)]
        among += (
            new_environment.value(
                among, name=f"e{index}", source=source, promotes_from=source.promotes_from
            ),
        )
    require_valid(among)
    assert len({env.account.id for env in among}) == len(among)


@pytest.mark.parametrize(
    ("cidr", "taken", "following"),
    [
        ("10.90.0.0/16", (), "10.91.0.0/16"),
        ("10.255.0.0/16", (), "172.16.0.0/16"),
        ("172.16.0.0/16", (), "172.18.0.0/16"),  # 172.17 is Docker's
        ("172.19.0.0/16", (), "172.21.0.0/16"),  # 172.20 is of Kubernetes services
        ("192.168.240.0/20", (), "10.0.0.0/20"),
        ("10.249.0.0/16", ("10.250.0.0/24",), "10.251.0.0/16"),  # a VPN's
    ],
)
def test_the_next_free_range_is_used(cidr: str, taken: tuple[str, ...], following: str) -> None:
    source = replace(
        DEV,
        network=replace(DEV.network, vpc_cidr=cidr),
        cluster=replace(DEV.cluster, private_access_cidrs=taken),
    )
    value = new(source, among=(source,))
    assert value.network.vpc_cidr == following
    assert not any(IPv4Network(following).overlaps(network) for network in RESERVED_NETWORKS)
    assert problems((source, value)) == []


@pytest.mark.parametrize(
    ("hostname", "following"),
    [
        ("evals-dev.example.com", "evals-load-test.example.com"),
        ("eval.dev.example.com", "eval.load-test.example.com"),
        ("dev.devices.example.com", "load-test.devices.example.com"),
        ("devices.example.com", "devices-load-test.example.com"),
    ],
)
def test_the_hostname_has_the_new_name(hostname: str, following: str) -> None:
    source = replace(DEV, orchestrator=replace(DEV.orchestrator, hostname=hostname))
    assert new(source, among=(source,)).orchestrator.hostname == following


def test_production_is_copied_with_its_approvals(checkout: Path) -> None:
    """A line in CODEOWNERS would give production's files to others than its approvers."""
    before = (checkout / ".github" / "CODEOWNERS").read_text()
    made = evalctl(checkout, "new-environment", "prod-us", "--from", PROD.name)
    assert made.returncode == 0, made.stderr
    assert (checkout / ".github" / "CODEOWNERS").read_text() == before
