"""The diff of what charts make of our values: with the real Helm, small charts and a repository of commits."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from environments.names import Addon, Names
from evalctl import chart_objects
from evalctl.rendering import chart_diff
from evalctl.rendering.changed import NoComparisonError, merge_base
from evalctl.rendering.chart_packages import ChartPackages
from evalctl.rendering.markdown import LIMIT
from tests.support import charts, tools
from tests.support.chart_repository import chart_repository
from tests.support.manifests import Manifest

TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: {{ .Release.Namespace }}
  labels: {helm.sh/chart: "{{ .Chart.Name }}-{{ .Chart.Version }}"}
data:
  size: {{ .Values.size | quote }}
  minor: {{ .Capabilities.KubeVersion.Minor | quote }}
  tls.crt: {{ randAlphaNum 10 | quote }}
---
apiVersion: v1
kind: Pod
metadata: {name: MORE}
spec:
  containers: [{name: main, image: "registry.example/server:{{ .Chart.Version }}"}]
"""
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {preserveUnknownFields: VALUE}
"""
OLD, NEW = "1.0.0", "1.1.0"


@pytest.fixture
def chart_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two versions of a chart; the second has another image, object and definition."""
    helm = tools.program("helm", get_it="`make setup` installs it")
    monkeypatch.setenv("PATH", str(Path(helm).parent), prepend=":")
    folder = tmp_path / "packages"
    for version, more, value in ((OLD, "first", "false"), (NEW, "second", "true")):
        source = tmp_path / version / "server"
        (source / "templates").mkdir(parents=True)
        (source / "crds").mkdir()
        metadata = {"apiVersion": "v2", "name": "server", "version": version}
        (source / "Chart.yaml").write_text(yaml.safe_dump(metadata))
        (source / "templates" / "all.yaml").write_text(TEMPLATE.replace("MORE", more))
        (source / "crds" / "things.yaml").write_text(DEFINITION.replace("VALUE", value))
        package = (helm, "package", str(source), "--destination", str(folder))
        subprocess.run(package, check=True, capture_output=True)
    monkeypatch.setenv("CHART_DIR", str(folder))
    return folder


def release(
    root: Path,
    env: str,
    *,
    version: str = OLD,
    size: str = "1",
    minor: str = "1.35",
    repository: str = "https://charts.example",
) -> None:
    """Write what a render has of one environment with one chart."""
    spec = {
        "source": {
            "repoURL": repository,
            "chart": "server",
            "targetRevision": version,
            "helm": {"releaseName": "server", "valuesObject": {"size": size}},
        },
        "destination": {"namespace": "monitoring"},
    }
    argocd, stack = (root / "rendered" / env / path for path in ("argocd", "terraform/cluster"))
    for folder in (argocd, stack):
        folder.mkdir(parents=True, exist_ok=True)
    (argocd / "Application-server.yaml").write_text(yaml.safe_dump({"spec": spec}))
    cluster = {"resource": {"aws_eks_cluster": {"cluster": {"version": minor}}}}
    (stack / "cdk.tf.json").write_text(json.dumps(cluster))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository whose first commit is the base, with two environments."""
    folder = tmp_path / "checkout"
    for env in ("dev", "prod"):
        release(folder, env)
    git(folder, "init", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--message=base")
    git(folder, "switch", "--create=change")
    return folder


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


Diff = Callable[..., tuple[str, list[str]]]


@pytest.fixture
def diff(root: Path, tmp_path: Path) -> Diff:
    def made(*, base: str = "main", limit: int = LIMIT) -> tuple[str, list[str]]:
        packages = ChartPackages(scratch=tmp_path)
        return chart_diff.charts(
            root,
            commit=merge_base(root, base),
            packages=packages,
            progress=lambda _: None,
            limit=limit,
        )

    return made


def test_another_version_is_shown_object_by_object_once_for_all_environments(
    root: Path, diff: Diff, chart_dir: Path
) -> None:
    for env in ("dev", "prod"):
        release(root, env, version=NEW)
    text, problems = diff()
    assert problems == []
    assert "- dev, prod: server 1.0.0 → 1.1.0: 1 objects added, 1 removed, 1 changed\n" in text
    assert "  - `registry.example/server:1.0.0 → 1.1.0`\n" in text
    assert "- `dev, prod: server: Pod second` +" in text
    assert "- `dev, prod: server: Pod first` +0 -" in text
    assert text.count("\n-  preserveUnknownFields: false\n+  preserveUnknownFields: true\n") == 1
    assert text.index("<summary>dev, prod: server: CustomResourceDefinition things") > text.index(
        "<summary>dev, prod: server: Pod second"
    )


def test_a_label_with_the_version_and_a_new_certificate_are_no_change(
    root: Path, diff: Diff, chart_dir: Path
) -> None:
    release(root, "dev", version=NEW)
    assert "ConfigMap" not in diff()[0]


def test_another_value_is_shown_with_the_namespace_of_its_object(
    root: Path, diff: Diff, chart_dir: Path
) -> None:
    release(root, "prod", size="2")
    text, problems = diff()
    assert problems == []
    assert "- prod: server 1.0.0: 0 objects added, 0 removed, 1 changed\n" in text
    assert "<summary>prod: server: ConfigMap monitoring/settings</summary>" in text
    assert "\n-  size: '1'\n+  size: '2'\n" in text


def test_each_side_is_templated_for_its_own_kubernetes_minor(
    root: Path, diff: Diff, chart_dir: Path
) -> None:
    release(root, "dev", minor="1.36")
    assert "\n-  minor: '35'\n+  minor: '36'\n" in diff()[0]


def test_a_new_and_a_removed_environment_are_shown_whole(
    root: Path, diff: Diff, chart_dir: Path
) -> None:
    release(root, "qa")
    (root / "rendered/prod/argocd/Application-server.yaml").unlink()
    text, _ = diff()
    assert "- qa: server none → 1.0.0: 3 objects added, 0 removed, 0 changed\n" in text
    assert "- prod: server 1.0.0 → none: 0 objects added, 3 removed, 0 changed\n" in text
    assert "`none → registry.example/server:1.0.0`" in text


def test_the_base_is_the_commit_at_which_the_branch_left(
    root: Path, diff: Diff, chart_dir: Path
) -> None:
    git(root, "switch", "main")
    release(root, "prod", size="7")
    git(root, "commit", "--all", "--message=meanwhile")
    git(root, "switch", "change")
    assert diff() == ("### Charts: nothing to change\n", [])


def test_nothing_is_templated_when_no_application_changes(root: Path, diff: Diff) -> None:
    """So an unchanged chart need not be at hand."""
    assert diff() == ("### Charts: nothing to change\n", [])


def test_a_long_diff_leaves_out_whole_objects_and_counts_them(
    root: Path, diff: Diff, chart_dir: Path
) -> None:
    release(root, "dev", version=NEW)
    whole, _ = diff()
    text, _ = diff(limit=len(whole) - 1)
    assert text.count("<details>") == whole.count("<details>") - 1
    assert "Left out for their length: 1; `evalctl charts-diff --all` prints them." in text


def test_a_version_that_the_folder_lacks_is_named_with_how_to_get_it(
    root: Path, diff: Diff, chart_dir: Path
) -> None:
    """Another version of the chart does not stand in for it, and other changes are shown."""
    release(root, "dev", version="1.2.0")
    release(root, "prod", size="2")
    text, (problem,) = diff()
    assert f"dev/server: CHART_DIR is {chart_dir}, which has no server-1.2.0.tgz" in problem
    assert (
        "`helm pull server --repo https://charts.example --version 1.2.0 --destination" in problem
    )
    assert "\n+  size: '2'\n" in text


def test_a_damaged_package_is_named(root: Path, diff: Diff, chart_dir: Path) -> None:
    (chart_dir / "server-1.0.0.tgz").write_bytes(b"no archive")
    release(root, "dev", size="2")
    text, (problem,) = diff()
    assert problem.startswith("dev/server: `helm template")
    assert "server-1.0.0.tgz" in problem
    assert "- **not compared: dev/server**\n" in text
    assert "nothing to change" not in text


def test_without_the_folder_charts_come_from_their_repositories(
    root: Path,
    diff: Diff,
    chart_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CHART_DIR")
    monkeypatch.setenv("HELM_CACHE_HOME", str(tmp_path / "cache"))
    with chart_repository(tmp_path / "repository", [("server", NEW)]) as address:
        release(root, "qa", version=NEW, repository=address)
        release(root, "other", version="2.0.0", repository=address)
        text, (problem,) = diff()
    assert problem.startswith("other/server: `helm pull server")
    assert "2.0.0" in problem
    assert "not compared: other/server*" in text  # and qa was, whose chart is empty


def test_an_unknown_revision_is_refused(diff: Diff) -> None:
    with pytest.raises(NoComparisonError, match="cannot compare with 'nowhere'"):
        diff(base="nowhere")


def test_a_commit_without_rendered_files_is_refused(root: Path, diff: Diff) -> None:
    git(root, "rm", "-r", "rendered")
    git(root, "commit", "--message=none")
    release(root, "dev")
    with pytest.raises(NoComparisonError, match="has no rendered/"):
        diff(base="HEAD")


@pytest.mark.parametrize("text", ["a: [", "spec: {source: {chart: server}}\n", "- 1\n"])
def test_an_application_that_no_render_wrote_is_refused(root: Path, diff: Diff, text: str) -> None:
    (root / "rendered/dev/argocd/Application-server.yaml").write_text(text)
    with pytest.raises(NoComparisonError, match="rendered/dev is not what `make render` writes"):
        diff()


@pytest.mark.charts
@pytest.mark.parametrize("addon", list(Addon))
def test_the_real_charts_make_nothing_anew_that_is_not_left_out(
    addon: Addon, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    """Otherwise each diff would show it."""
    (spec,) = (
        application["spec"]
        for application in argocd["prod"]
        if application["kind"] == "Application"
        and application["spec"].get("source", {}).get("chart") == addon
    )
    package = charts.package(spec["source"]["chart"], spec["source"]["targetRevision"])
    helm = tools.program("helm", get_it="`make setup` installs it")
    first, second = (
        chart_objects.without_certificates(
            chart_objects.objects(
                chart_objects.template(
                    spec,
                    package,
                    kubernetes_version=names["prod"].env.cluster.kubernetes_version,
                    helm=helm,
                )
            )
        )
        for _ in range(2)
    )
    assert first == second
