"""A rendered folder, or a file, is replaced whole or not at all."""

from pathlib import Path

import pytest

from evalctl.rendering import tree


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def replace(folder: Path, files: dict[str, str]) -> None:
    with tree.replacement(folder) as fresh:
        for name, text in files.items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_text(text)


def test_files_that_no_longer_belong_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "rendered"
    replace(folder, {"dev/k8s/a/old.yaml": "old", "dev/k8s/a/kept.yaml": "1"})
    replace(folder, {"dev/k8s/a/kept.yaml": "2"})
    assert contents(folder) == {"dev/k8s/a/kept.yaml": "2"}


def test_nothing_but_the_folder_itself_is_left_behind(tmp_path: Path) -> None:
    replace(tmp_path / "rendered", {"dev/k8s/a/b.yaml": ""})
    replace(tmp_path / "rendered", {"dev/k8s/a/b.yaml": ""})
    assert [entry.name for entry in tmp_path.iterdir()] == ["rendered"]


def test_a_write_that_fails_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "rendered"
    replace(folder, {"dev/k8s/a/b.yaml": "before"})
    with pytest.raises(OSError, match="File name too long"):
        replace(folder, {"dev/k8s/a/b.yaml": "after", "x" * 300: "cannot be written"})
    assert contents(folder) == {"dev/k8s/a/b.yaml": "before"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["rendered"]


def test_a_swap_that_fails_puts_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "rendered"
    replace(folder, {"dev/k8s/a/b.yaml": "before"})
    rename = Path.rename

    def fail_for_the_new_folder(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError("disk full")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new_folder)
    with pytest.raises(OSError, match="disk full"):
        replace(folder, {"dev/k8s/a/b.yaml": "after"})
    assert contents(folder) == {"dev/k8s/a/b.yaml": "before"}


@pytest.mark.parametrize("foreign", ["notes.txt", "dev/notes.txt", "dev/photos/cat.png"])
def test_a_folder_with_other_peoples_files_is_refused(tmp_path: Path, foreign: str) -> None:
    replace(tmp_path / "out", {"dev/k8s/a/b.yaml": ""})
    path = tmp_path / "out" / foreign
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("important")
    with pytest.raises(tree.ForeignFilesError, match="was not rendered and would be lost"):
        tree.require_replaceable(tmp_path / "out", environments=True)


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(tree.ForeignFilesError, match="is a file; name a folder"):
        tree.require_replaceable(tmp_path / "out", environments=True)


def test_a_folder_that_does_not_exist_or_was_rendered_may_be_replaced(tmp_path: Path) -> None:
    tree.require_replaceable(tmp_path / "absent", environments=True)
    replace(tmp_path / "out", {"dev/k8s/a/b.yaml": ""})
    tree.require_replaceable(tmp_path / "out", environments=True)


def test_a_file_is_written_whole_with_its_mode_or_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "docs" / "page.md"
    tree.write(file, "old")
    file.chmod(0o600)
    with pytest.raises(UnicodeEncodeError):
        tree.write(file, "half \ud800")
    assert file.read_text() == "old"

    tree.write(file, "new")

    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == ["page.md"]
