"""Finding the programs of a control plane."""

from pathlib import Path

import pytest

from evalctl.rehearsal.cluster.programs import VARIABLE, ProgramsMissingError, find


def test_without_the_variable_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(ProgramsMissingError, match=f"{VARIABLE} is not set"):
        find("1.35")


def test_a_folder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/nowhere")
    with pytest.raises(ProgramsMissingError, match="/nowhere, which is no folder"):
        find("1.35")


def test_a_minor_without_programs_is_refused_with_the_minors_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kubernetes-1.35").mkdir()
    (tmp_path / "kubernetes-1.36").mkdir()
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(
        ProgramsMissingError, match=r"no control plane of Kubernetes 1\.34 .*1\.35, 1\.36"
    ):
        find("1.34")


def test_a_folder_without_a_control_plane_is_refused_with_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(ProgramsMissingError) as refused:
        find("1.35")
    assert str(refused.value).startswith(
        f"There is no control plane of Kubernetes 1.35 in {tmp_path}. Add the folder kubernetes-1.35"
    )
    assert "`.ci/fetch programs FOLDER`" in str(refused.value)


def test_each_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kubernetes-1.35").mkdir()
    (tmp_path / "etcd").write_text("no program")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(ProgramsMissingError) as refused:
        find("1.35")
    for program in ("etcd", "kubernetes-1.35/kube-apiserver", "argocd-repo-server", "kwok"):
        assert f"{tmp_path}/{program} is missing or no program" in str(refused.value)
