"""The served repository: what differs from the checkout, and that bootstrap, Kustomize and Git read it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bindings.yaml_text import to_yaml
from environments.catalog import ARGOCD
from environments.names import Names
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from evalctl.rehearsal.cluster.served.problem import NotServedError
from evalctl.rehearsal.cluster.served.replacements import INSTALL_MANIFEST, Windows
from evalctl.rehearsal.cluster.served.repository import Served, served_copy
from evalctl.rendered_charts import rendered_charts
from tests.support import argocd_release, tools
from tests.support.each_environment import EACH_ENVIRONMENT
from tests.support.paths import ROOT

PROD = next(env for env in ENVIRONMENTS if env.sync_windows)


@pytest.fixture(scope="module", autouse=True)
def _needs_git() -> None:
    tools.program("git", get_it="apt-get install git")


@pytest.fixture(scope="module")
def install_manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small release of Argo CD in place of the real one of 2 MB."""
    folder = tmp_path_factory.mktemp("release")
    (folder / "kustomization.yaml").write_text(ARGOCD.manifest_url)
    argocd_release.substitute_in(folder)
    return folder / "release.yaml"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small checkout without Git: the rendered files, and one that is ignored."""
    tree = tmp_path / "tree"
    tree.mkdir()
    shutil.copytree(ROOT / "rendered", tree / "rendered")
    shutil.copy(ROOT / ".gitignore", tree)
    (tree / ".venv").mkdir()
    (tree / ".venv" / "large").write_text("x")
    (tree / "link").symlink_to("rendered")
    return tree


def copy_of(
    env: Environment,
    checkout: Path,
    folder: Path,
    install_manifest: Path,
    *,
    windows: Windows = Windows.AS_RENDERED,
) -> Served:
    repositories = sorted(
        {chart.repository_url for chart in rendered_charts(Names(env), checkout=checkout)}
    )
    return served_copy(
        env,
        checkout,
        folder,
        charts={url: f"http://127.0.0.1:1/{number}" for number, url in enumerate(repositories)},
        install_manifest=install_manifest,
        windows=windows,
    )


@pytest.fixture
def served(tree: Path, tmp_path: Path, install_manifest: Path) -> Served:
    return copy_of(PROD, tree, tmp_path / "served", install_manifest)


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def lines_that_differ(one: Path, other: Path) -> Iterator[str]:
    result = subprocess.run(
        ["diff", "--recursive", "--no-dereference", "-U0", "--exclude=.git", str(one), str(other)],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in result.stdout.splitlines():
        if re.match(r"(?!\+\+\+ |--- )[+-]|Only", line):
            yield line


@EACH_ENVIRONMENT
def test_only_addresses_differ_from_the_checkout(
    env: Environment, tree: Path, tmp_path: Path, install_manifest: Path
) -> None:
    served = copy_of(env, tree, tmp_path / "served", install_manifest)
    installation = served.folder / served.names.argocd_installation_folder
    differing = list(lines_that_differ(tree, served.folder))
    assert f"Only in {tree}: .venv" in differing
    assert f"Only in {installation}: {INSTALL_MANIFEST}" in differing
    changed = {line[1:].strip().removeprefix("- ") for line in differing if line[0] in "+-"}
    own = {env.repository.url: served.address, ARGOCD.manifest_url: INSTALL_MANIFEST}
    for real, address in {**own, **served.charts}.items():
        assert {line for line in changed if line.endswith(real)} <= {real, f"repoURL: {real}"}
        assert any(line.endswith(address) for line in changed), address
        changed = {line for line in changed if not line.endswith((real, address))}
    assert changed == set()


@EACH_ENVIRONMENT
def test_the_rendered_files_are_written_as_the_copy_writes_them(env: Environment) -> None:
    """Otherwise a replacement would also change the format of what it does not replace."""
    names = Names(env)
    for folder in (names.argocd_folder, names.argocd_installation_folder):
        for path in (ROOT / folder).glob("*.yaml"):
            text = path.read_text()
            assert to_yaml(yaml.load(text, Loader=yaml.CSafeLoader)) == text


def test_each_replacement_is_described_by_what_it_changes(served: Served) -> None:
    described = [replacement.description for replacement in served.replacements]
    assert described[0] == f"Git: {PROD.repository.url} is {served.address}"
    assert len([line for line in described if line.startswith("charts: https://")]) == 5
    assert described[-2].endswith(f"{ARGOCD.manifest_url} is release.yaml")
    assert described[-1] == "sync windows: as rendered"


def test_git_serves_the_branch_without_a_persons_settings(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(tmp_path, "clone", "--quiet", f"--branch={PROD.repository.revision}", served.address, "to")
    assert (tmp_path / "to" / "link").is_symlink()
    assert git(tmp_path / "to", "status", "--porcelain") == ""
    assert not (tmp_path / "to" / ".venv").exists()
    assert git(served.folder, "log", "--format=%an").splitlines() == ["rehearsal"]


def test_a_checkouts_own_untracked_files_are_served_and_removed_ones_are_not(
    tree: Path, tmp_path: Path, install_manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "a")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@b")
    (tree / "removed").write_text("")
    git(tree, "init", "--quiet")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--no-gpg-sign", "-m", "all")
    (tree / "removed").unlink()
    (tree / "untracked").write_text("new")
    served = copy_of(PROD, tree, tmp_path / "served", install_manifest)
    assert served.text("untracked") == "new"
    assert not (served.folder / "removed").exists()


def test_bootstrap_reads_what_is_served(tmp_path: Path, install_manifest: Path) -> None:
    """In the copy of the whole checkout, with its own evalctl: values, charts, Kustomize and Git agree."""
    tools.program("kubectl", get_it="`make setup` installs it")
    served = copy_of(PROD, ROOT, tmp_path / "served", install_manifest)
    program = (
        "from environments.registry import ENVIRONMENTS\n"
        "from environments.names import Names\n"
        "from evalctl.lifecycle import bootstrap_commands, repository\n"
        "from evalctl.rendered_charts import rendered_charts\n"
        f"names = Names(next(env for env in ENVIRONMENTS if env.name == {PROD.name!r}))\n"
        "print(repository.warnings(names))\n"
        "print(sorted({chart.repository_url for chart in rendered_charts(names)}))\n"
        "print(bootstrap_commands.build(names).workloads != ())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=served.folder,
        env={
            **os.environ,
            "PYTHONPATH": str(served.folder),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == ["[]", str(sorted(served.charts.values())), "True"]


def windows_of(served: Served) -> list[object]:
    projects = sorted((served.folder / served.names.argocd_folder).glob("AppProject-*.yaml"))
    return [
        window
        for project in projects
        for window in yaml.load(project.read_text(), yaml.CSafeLoader)["spec"].get(
            "syncWindows", []
        )
    ]


def test_sync_windows_are_opened_closed_and_restored(served: Served) -> None:
    rendered = windows_of(served)
    assert rendered
    served.set_windows(Windows.OPEN)
    assert windows_of(served) == []
    served.set_windows(Windows.CLOSED)
    closed = windows_of(served)
    assert len(closed) == len(rendered)
    for window in closed:
        assert isinstance(window, dict)
        assert (window["kind"], window["schedule"], window["duration"]) == (
            "deny",
            "* * * * *",
            "1h",
        )
        assert window["manualSync"] is True
    served.set_windows(Windows.AS_RENDERED)
    assert windows_of(served) == rendered
    assert git(served.folder, "status", "--porcelain") == ""


def test_a_change_is_merged_and_reverted(served: Served) -> None:
    folder = served.names.argocd_folder
    root = f"{folder}/Application-{served.names.argocd_root}.yaml"
    before, first = served.text(root), git(served.folder, "rev-parse", "HEAD")
    (project, *_) = sorted(path.name for path in (served.folder / folder).glob("AppProject-*.yaml"))
    merged = served.commit(
        "break one thing",
        {
            # As the checkout has it: the address is replaced in the merge, too.
            root: (ROOT / root).read_text().replace("recurse: true", "recurse: false"),
            f"{folder}/new.yaml": "not: [yaml",
            f"{folder}/{project}": None,
        },
    )
    assert served.text(root) == before.replace("recurse: true", "recurse: false")
    assert served.text(f"{folder}/new.yaml") == "not: [yaml"
    assert not (served.folder / folder / project).exists()
    branch = PROD.repository.revision
    assert git(served.folder, "rev-parse", branch, f"origin/{branch}").split() == [merged, merged]
    reverted = served.revert()
    assert git(served.folder, "diff", first.strip(), reverted) == ""
    assert not (served.folder / folder / "new.yaml").exists()


def test_changes_are_reverted_last_first(served: Served) -> None:
    served.commit("one", {"a": "1"})
    served.commit("two", {"a": "2"})
    served.revert()
    assert served.text("a") == "1"
    served.revert()
    assert not (served.folder / "a").exists()


def test_a_change_that_changes_nothing_is_refused(served: Served) -> None:
    with pytest.raises(NotServedError, match=r"`again` changes nothing in \.gitignore"):
        served.commit("again", {".gitignore": served.text(".gitignore")})


def test_no_repository_outside_is_served(served: Served) -> None:
    root = f"{served.names.argocd_folder}/Application-{served.names.argocd_root}.yaml"
    outside = served.text(root).replace(served.address, "https://github.com/someone/else.git")
    with pytest.raises(NotServedError, match=r"names the repository https://github.com/someone"):
        served.commit("outside", {root: outside})
    assert git(served.folder, "status", "--porcelain") == ""


def test_a_chart_whose_repository_is_not_served_is_refused(
    tree: Path, tmp_path: Path, install_manifest: Path
) -> None:
    with pytest.raises(NotServedError, match=r"AppProject-.*names the repository https://"):
        served_copy(
            PROD,
            tree,
            tmp_path / "served",
            charts={},
            install_manifest=install_manifest,
            windows=Windows.OPEN,
        )


def test_another_version_of_argo_cd_is_named(
    tree: Path, tmp_path: Path, install_manifest: Path
) -> None:
    other = tmp_path / "install-v3.5.1.yaml"
    other.write_text(install_manifest.read_text().replace(ARGOCD.version, "v3.5.1"))
    served = copy_of(PROD, tree, tmp_path / "served", other)
    assert f"which has v3.5.1 and not {ARGOCD.version}" in served.replacements[-2].description
    other.write_text("kind: ConfigMap\n")
    with pytest.raises(NotServedError, match=r"install-v3\.5\.1\.yaml holds no Argo CD; take"):
        copy_of(PROD, tree, tmp_path / "another", other)


def test_a_checkout_that_is_not_rendered_is_refused(tmp_path: Path, install_manifest: Path) -> None:
    with pytest.raises(NotServedError, match="argocd is missing; run `make render`"):
        copy_of(PROD, tmp_path, tmp_path / "served", install_manifest)
