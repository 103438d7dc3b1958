"""Which files below rendered/ a render may replace and remove, and which it keeps or refuses."""

from pathlib import Path

import pytest

from evalctl.rendering import changes, tree
from evalctl.rendering.scratch import Scratch
from tests.support.paths import ROOT

KEPT, GONE = "dev/k8s/worker/ConfigMap-kept.yaml", "dev/k8s/worker/ConfigMap-gone.yaml"


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def manifest(name: str, value: str = "1") -> str:
    return f"kind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  a: '{value}'\n"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def render(out: Path, files: dict[str, str], scratch: Scratch) -> None:
    changes.apply(tree.changes(out, files, only=None), root=out, scratch=scratch)


def test_files_that_are_no_longer_rendered_are_removed_with_their_folders(
    tmp_path: Path, scratch: Scratch
) -> None:
    stack = '{"//": {"metadata": {"stackName": "old-network"}}}'
    render(
        tmp_path,
        {
            KEPT: manifest("kept"),
            GONE: manifest("gone"),
            "old/k8s/worker/ConfigMap-a.yaml": manifest("a"),
            "old/terraform/network/cdk.tf.json": stack,
            "old/terraform/network/.terraform.lock.hcl": "lock",
        },
        scratch,
    )
    render(tmp_path, {KEPT: manifest("kept", "2")}, scratch)
    assert contents(tmp_path) == {KEPT: manifest("kept", "2")}
    assert [entry.name for entry in tmp_path.iterdir()] == ["dev"]


def test_a_file_that_did_not_change_is_not_written_again(tmp_path: Path, scratch: Scratch) -> None:
    render(tmp_path, {KEPT: manifest("kept")}, scratch)
    before = (tmp_path / KEPT).stat()
    render(tmp_path, {KEPT: manifest("kept")}, scratch)
    assert (tmp_path / KEPT).stat() == before


@pytest.mark.parametrize("environment", ["dev", "removed"])
@pytest.mark.parametrize(
    "name",
    [
        *("terraform.tfstate", "terraform.tfstate.backup", "terraform.tfstate.1700000000.backup"),
        *("terraform.tfstate.d/blue/terraform.tfstate", ".terraform.tfstate.lock.info"),
        *("errored.tfstate", ".terraform/providers/x/provider", ".terraform/terraform.tfstate"),
        *(
            "backend_override.tf.json",
            "guards_override.tf.json",
            "override.tf.json",
            "a_override.tf",
        ),
        *("import.tf.json", "tfplan", "approved.tfplan", "terraform.tfvars", "crash.log"),
    ],
)
def test_what_terraform_keeps_stays_even_below_a_stack_that_is_gone(
    tmp_path: Path, scratch: Scratch, environment: str, name: str
) -> None:
    folder = f"{environment}/terraform/state"
    stack = f'{{"//": {{"metadata": {{"stackName": "{environment}-state"}}}}}}'
    render(tmp_path, {f"{folder}/cdk.tf.json": stack, KEPT: manifest("kept")}, scratch)
    file = tmp_path / folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"the only copy \xff")

    render(tmp_path, {KEPT: manifest("kept", "2")}, scratch)

    assert file.read_bytes() == b"the only copy \xff"
    assert (tmp_path / KEPT).read_text() == manifest("kept", "2")
    assert not (tmp_path / folder / "cdk.tf.json").exists()


@pytest.mark.parametrize(
    "foreign",
    [
        *(
            "notes.txt",
            "cdk.tf.json",
            "dev/notes.txt",
            "dev/photos/cat.png",
            "dev/ConfigMap-a.yaml",
        ),
        *("dev/k8s/ConfigMap-a.yaml", "dev/k8s/worker/notes.txt", "dev/k8s/worker/my-patch.yaml"),
        *("dev/k8s/worker/deep/ConfigMap-a.yaml", "dev/k8s/worker/terraform.tfstate"),
        *("dev/k8s/terraform/state/terraform.tfstate", "dev/argocd/kustomization.yaml"),
        *("dev/dashboards/a/ConfigMap-a.yaml", "dev/terraform/state/main.tf"),
        *("dev/terraform/state/README.md", "dev/terraform/cdk.tf.json", "terraform.tfstate"),
        *("dev/terraform/state/deep/cdk.tf.json", "dev/terraform.tfstate", "dev/k8s"),
    ],
)
def test_what_is_nobodys_is_refused_at_every_level(tmp_path: Path, foreign: str) -> None:
    write(tmp_path, {foreign: "important"})
    with pytest.raises(tree.ForeignFilesError, match="Nothing was written") as error:
        tree.texts(tmp_path, only=None)
    assert str(tmp_path / foreign) in str(error.value)
    assert contents(tmp_path) == {foreign: "important"}


@pytest.mark.parametrize("place", ["dev", "dev/k8s", KEPT])
def test_a_link_to_another_place_is_refused(tmp_path: Path, place: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    write(elsewhere, {"k8s/worker/ConfigMap-a.yaml": "important"})
    link = tmp_path / "out" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    with pytest.raises(tree.ForeignFilesError, match="Nothing was written"):
        tree.texts(tmp_path / "out", only=None)


@pytest.mark.parametrize(
    "text",
    [
        f"# mine\n{manifest('gone')}",
        manifest("another"),
        "kind: ConfigMap\ndata: {a: '1'}\nmetadata: {name: gone}\n",
        "no YAML: [",
        "",
        "<<<<<<< HEAD\n",
    ],
)
def test_a_file_that_would_be_removed_and_is_not_as_rendering_writes_it_is_refused(
    tmp_path: Path, text: str
) -> None:
    write(tmp_path, {GONE: text})
    with pytest.raises(tree.ForeignFilesError, match="ConfigMap-gone"):
        tree.changes(tmp_path, {KEPT: manifest("kept")}, only=None)
    assert contents(tmp_path) == {GONE: text}


def test_a_stack_of_another_name_is_not_removed(tmp_path: Path) -> None:
    write(tmp_path, {"dev/terraform/mine/cdk.tf.json": '{"resource": {}}'})
    with pytest.raises(tree.ForeignFilesError, match="mine/cdk"):
        tree.changes(tmp_path, {}, only=None)


def test_one_environment_is_read_without_the_others(tmp_path: Path) -> None:
    write(tmp_path, {KEPT: "a", "prod/notes.txt": "mine"})
    assert tree.texts(tmp_path, only="dev") == {KEPT: "a"}


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(tree.ForeignFilesError, match="is a file; name a folder"):
        tree.texts(tmp_path / "out", only=None)


def test_a_folder_that_does_not_exist_has_no_files(tmp_path: Path) -> None:
    assert tree.texts(tmp_path / "absent", only=None) == {}


def test_every_rendered_file_has_the_form_by_which_it_may_be_removed(rendered: Path) -> None:
    found = tree.changes(rendered, {}, only=None)
    assert {str(change.file.relative_to(rendered)) for change in found} == contents(rendered).keys()
    assert tree.texts(ROOT / "rendered", only=None).keys() == contents(rendered).keys()
