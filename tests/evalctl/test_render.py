"""`evalctl render` as a person runs it, on a copy of this repository that the test may change."""

import shutil
from pathlib import Path

import pytest

from environments.names import App, Stack
from tests.conftest import ROOT
from tests.evalctl.conftest import edit, evalctl
from tests.evalctl.test_tree import contents


def test_rendered_is_what_the_sources_say(rendered: Path) -> None:
    fresh, committed = contents(rendered), contents(ROOT / "rendered")
    differing = sorted(
        path for path in fresh.keys() | committed.keys() if fresh.get(path) != committed.get(path)
    )
    assert not differing, f"run `make render` and commit rendered/; it differs in {differing[:10]}"


def test_a_third_environment_takes_one_new_file_and_one_line(checkout: Path) -> None:
    dev = (checkout / "environments" / "dev.py").read_text()
    staging = (
        dev.replace("DEV = ", "STAGING = ")
        .replace('name="dev"', 'name="staging"')
        .replace("10.10.0.0/16", "10.30.0.0/16")
    )
    (checkout / "environments" / "staging.py").write_text(staging)
    registry = checkout / "environments" / "registry.py"
    edit(
        registry,
        "    PROD,\n)",
        "    PROD,\n    __import__('environments.staging').staging.STAGING,\n)",
    )

    result = evalctl(checkout, "render", "--env", "staging")

    assert result.returncode == 0, result.stderr
    rendered = checkout / "rendered"
    assert [entry.name for entry in rendered.iterdir()] == ["staging"]
    assert {entry.name for entry in (rendered / "staging" / "terraform").iterdir()} == set(Stack)
    assert {entry.name for entry in (rendered / "staging" / "k8s").iterdir()} == set(App)
    assert "ai-eval-platform-dev" not in "".join(contents(rendered).values())
    for plane in ("AWS resources", "Kubernetes objects", "Argo CD objects"):
        assert plane in result.stdout


def test_rendering_one_environment_leaves_the_others(checkout: Path, rendered: Path) -> None:
    shutil.copytree(rendered, checkout / "rendered")
    before = contents(checkout / "rendered" / "prod")
    edit(checkout / "environments" / "dev.py", "10.10.0.0/16", "10.40.0.0/16")

    assert evalctl(checkout, "render", "--env", "dev").returncode == 0

    assert contents(checkout / "rendered" / "prod") == before
    assert "10.40.0.0/16" in "".join(contents(checkout / "rendered" / "dev").values())


def test_broken_rules_are_listed_and_nothing_is_written(checkout: Path) -> None:
    edit(checkout / "environments" / "dev.py", 'id="111111111111"', 'id="1"')
    edit(checkout / "environments" / "prod.py", "nodes=3", "nodes=2")

    result = evalctl(checkout, "render")

    assert result.returncode == 1
    assert "dev: account.id: '1' is not 12 digits" in result.stderr
    assert "prod: clickhouse.nodes: 2 cannot form a Keeper quorum" in result.stderr
    assert not (checkout / "rendered").exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    images=images_of", "    image=images_of", "environments/dev.py:"),
        ("DEV = Environment(", "DEV = Environment((", "environments/dev.py:"),
        ('images_of("dev")', 'images_of("qa")', "'qa' is missing"),
    ],
    ids=["misspelled field", "syntax error", "no images"],
)
def test_an_environment_that_cannot_be_read_is_told_by_place_not_by_traceback(
    checkout: Path, old: str, new: str, told: str
) -> None:
    edit(checkout / "environments" / "dev.py", old, new)

    result = evalctl(checkout, "render")

    assert result.returncode == 1
    assert told in result.stderr.replace("\n", "")
    assert "Traceback" not in result.stderr


def test_an_unknown_environment_is_refused_with_the_known_ones(checkout: Path) -> None:
    result = evalctl(checkout, "render", "--env", "qa")
    assert result.returncode == 1
    assert "no environment 'qa'. Known: dev, prod" in result.stderr


def test_a_plane_that_fails_leaves_rendered_as_it_was(checkout: Path, rendered: Path) -> None:
    shutil.copytree(rendered, checkout / "rendered")
    edit(checkout / "k8s" / "app.py", "def build(", "raise RuntimeError('planted')\n\ndef build(")
    edit(checkout / "environments" / "dev.py", "10.10.0.0/16", "10.40.0.0/16")

    result = evalctl(checkout, "render")

    assert result.returncode != 0
    assert "planted" in result.stderr
    assert contents(checkout / "rendered") == contents(rendered)


def test_someone_elses_folder_is_refused_before_anything_starts(checkout: Path) -> None:
    (checkout / "mine").mkdir()
    (checkout / "mine" / "thesis.txt").write_text("years of work")

    result = evalctl(checkout, "render", "--out", "mine")

    assert result.returncode == 1
    assert "would be lost" in result.stderr
    assert contents(checkout / "mine") == {"thesis.txt": "years of work"}
