"""Archives are unpacked into their folder, and nowhere else."""

import io
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest

from evalctl.archives import unpack
from evalctl.processes import CommandFailedError

Mode = Literal["w", "w:gz"]


def archive(folder: Path, member: str, mode: Mode = "w:gz") -> Path:
    path = folder / "archive.tgz"
    with tarfile.open(path, mode) as writer:
        text = b"content"
        header = tarfile.TarInfo(member)
        header.size = len(text)
        writer.addfile(header, io.BytesIO(text))
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_is_unpacked_whether_it_is_compressed_or_not(tmp_path: Path, mode: Mode) -> None:
    target = tmp_path / "target"
    target.mkdir()
    unpack(archive(tmp_path, "chart/values.yaml", mode), target)
    assert (target / "chart" / "values.yaml").read_text() == "content"


@pytest.mark.parametrize("member", ["../outside", "/outside"])
def test_nothing_is_written_outside_of_the_folder(tmp_path: Path, member: str) -> None:
    target = tmp_path / "target"
    target.mkdir()
    with suppress(
        CommandFailedError
    ):  # it may also leave the folder's name out, and unpack the rest
        unpack(archive(tmp_path, member), target)
    assert not (tmp_path / "outside").exists()
    assert not Path("/outside").exists()


def test_what_is_no_archive_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "chart.tgz").write_bytes(b"no archive")
    with pytest.raises(CommandFailedError, match=r"chart\.tgz"):
        unpack(tmp_path / "chart.tgz", tmp_path)
