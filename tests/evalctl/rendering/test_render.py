"""`evalctl render`, on a copy of this repository that the test may change."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import App, Stack
from environments.prod import PROD
from tests.evalctl.conftest import FREE_CIDR, KNOWN, copy_sources, edit, evalctl, own
from tests.evalctl.rendering.test_tree import contents
from tests.support.paths import ROOT

CHANGED_HOSTNAME = "changed.example.com"


@dataclass(frozen=True)
class Rendered:
    """What `evalctl render` printed, and all of `rendered/` after it."""

    output: str
    files: dict[str, str]


def test_rendered_is_up_to_date_with_the_sources(rendered: Path) -> None:
    fresh, committed = contents(rendered), contents(ROOT / "rendered")
    differing = sorted(
        path for path in fresh.keys() | committed.keys() if fresh.get(path) != committed.get(path)
    )
    assert not differing, f"run `make render` and commit rendered/; it differs in {differing[:10]}"


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory, rendered: Path) -> Rendered:
    """A third environment, rendered alone over older files, where the sources of dev changed too."""
    checkout = copy_sources(tmp_path_factory.mktemp("another"))
    shutil.copytree(rendered, checkout / "rendered")
    shutil.copytree(rendered / "dev", checkout / "rendered" / "another")
    dev = checkout / "environments" / "dev.py"
    text = (
        dev.read_text()
        .replace("DEV = ", "ANOTHER = ")
        .replace('"dev"', '"another"')
        .replace(DEV.network.vpc_cidr, FREE_CIDR)
        .replace(DEV.account.id, "333333333333")
        .replace(DEV.orchestrator.hostname, "eval-another.example.com")
    )
    (checkout / "environments" / "another.py").write_text(text)
    images = checkout / "environments" / "images.json"
    digests = json.loads(images.read_text())
    images.write_text(json.dumps({**digests, "another": digests["dev"]}))
    registry = checkout / "environments" / "registry.py"
    edit(registry, "\n)", "\n    __import__('environments.another').another.ANOTHER,\n)")
    edit(dev, DEV.orchestrator.hostname, CHANGED_HOSTNAME)
    result = evalctl(checkout, "render", "--env", "another")
    assert result.returncode == 0, result.stderr
    return Rendered(result.stdout, contents(checkout / "rendered"))


def test_a_third_environment_takes_one_new_file_a_line_and_its_images(another: Rendered) -> None:
    new = {path: text for path, text in another.files.items() if path.startswith("another/")}
    for folder, wanted in (("terraform", Stack), ("k8s", App)):
        found = {path.split("/")[2] for path in new if path.startswith(f"another/{folder}/")}
        assert found == set(wanted)
    text = "".join(new.values())
    assert "ai-eval-platform-dev" not in text
    assert FREE_CIDR in text
    for heading in ("AWS resources", "Kubernetes objects", "Argo CD objects"):
        assert heading in another.output


def test_rendering_one_environment_leaves_the_others(another: Rendered, rendered: Path) -> None:
    others = {path: text for path, text in another.files.items() if not path.startswith("another/")}
    assert others == contents(rendered)
    assert CHANGED_HOSTNAME not in "".join(another.files.values())


def test_broken_rules_are_listed_and_nothing_is_written(checkout: Path) -> None:
    edit(checkout / "environments" / "dev.py", f'id="{DEV.account.id}"', 'id="1"')
    edit(checkout / "environments" / "prod.py", f"nodes={PROD.clickhouse.nodes}", "nodes=2")

    result = evalctl(checkout, "render")

    assert result.returncode == 1
    assert "dev: account.id: '1' is not 12 digits" in result.stderr
    assert "prod: clickhouse.nodes: 2 cannot form a Keeper quorum" in result.stderr
    assert not (checkout / "rendered").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    images=images_of", "    image=images_of", "environments/dev.py:"),
        ("DEV = Environment(", "DEV = Environment((", "environments/dev.py:"),
        ('images_of("dev")', 'images_of("qa")', "'qa' is missing"),
        ('    name="dev",', "", "missing 1 required keyword-only argument: 'name'"),
        ("    Worker,", "    Workers,", "ImportError: cannot import name 'Workers'"),
        ("Tier.DEVELOPMENT", "Tier.DEV", "AttributeError: DEV"),
        ('memory="768Mi"', 'memory="1Gi"', "environments/dev.py:"),
        (f'"{DEV.account.id}"', "123456789012", 'an int; write a string, "123456789012"'),
    ],
    ids=[
        "misspelled field",
        "syntax error",
        "no images",
        "missing field",
        "wrong import",
        "misspelled member",
        "another unit",
        "another type",
    ],
)
def test_an_environment_that_cannot_be_read_is_reported_by_place_not_by_traceback(
    checkout: Path, old: str, new: str, message: str
) -> None:
    edit(checkout / "environments" / "dev.py", old, new)

    result = evalctl(checkout, "render")

    assert result.returncode == 1
    assert message in result.stderr.replace("\n", "")
    assert "Traceback" not in result.stderr
    assert not (checkout / "rendered").exists()


def test_an_unknown_environment_is_refused_with_the_known_ones(checkout: Path) -> None:
    result = evalctl(checkout, "render", "--env", "qa")
    assert result.returncode == 1
    assert f"no environment 'qa'. Known: {KNOWN}" in result.stderr


def test_a_renderer_that_fails_leaves_rendered_as_it_was(checkout: Path, rendered: Path) -> None:
    shutil.copytree(rendered, checkout / "rendered")
    edit(
        own(checkout, "k8s") / "app.py", "def build(", "raise RuntimeError('planted')\n\ndef build("
    )
    edit(checkout / "environments" / "dev.py", DEV.network.vpc_cidr, FREE_CIDR)

    result = evalctl(checkout, "render")

    assert result.returncode != 0
    assert "planted" in result.stderr
    assert contents(checkout / "rendered") == contents(rendered)


def test_a_folder_with_other_files_is_refused_before_anything_starts(checkout: Path) -> None:
    (checkout / "mine").mkdir()
    (checkout / "mine" / "thesis.txt").write_text("years of work")

    result = evalctl(checkout, "render", "--out", "mine")

    assert result.returncode == 1
    assert f"{checkout / 'mine' / 'thesis.txt'}" in result.stderr
    assert contents(checkout / "mine") == {"thesis.txt": "years of work"}
