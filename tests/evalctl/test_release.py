"""`evalctl release` and `evalctl promote`, on a copy of this repository that the test may change."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.images import Image
from environments.names import Names
from environments.prod import PROD
from evalctl import release
from tests.evalctl.conftest import KNOWN, copy_sources, edit, evalctl, invoked, own
from tests.evalctl.rendering.test_tree import contents
from tests.support.paths import ROOT

BUILT = "sha256:" + 32 * "b0"
OTHER = "sha256:" + 32 * "0a"
SOURCE = str(PROD.promotes_from)
State = tuple[str, dict[str, str]]
ONE_RELEASE = pytest.mark.xdist_group("one release")


@pytest.fixture(autouse=True)
def _no_other_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """A git hook that runs the tests names the real repository in such variables."""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)


@pytest.fixture
def checkout(checkout: Path, rendered: Path) -> Path:
    shutil.copytree(rendered, checkout / "rendered")
    return checkout


def images_file(checkout: Path) -> Path:
    return checkout / "environments" / "images.json"


def set_digest(checkout: Path, environment: str, image: Image, digest: str) -> None:
    document = json.loads(images_file(checkout).read_text())
    document[environment][image] = digest
    images_file(checkout).write_text(json.dumps(document, indent=2) + "\n")


def git(checkout: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=test", "-c", "user.email=test@example.com", *arguments],
        cwd=checkout,
        check=True,
        capture_output=True,
    )


def commit(checkout: Path) -> None:
    """Commit `images.json`, so that Argo CD would sync it."""
    if not (checkout / ".git").exists():
        git(checkout, "init", "--initial-branch", DEV.repository.revision)
    git(checkout, "add", "environments/images.json")
    git(checkout, "commit", "--message", "release")


def state(checkout: Path) -> State:
    return images_file(checkout).read_text(), contents(checkout / "rendered")


@dataclass(frozen=True)
class Release:
    """What `evalctl release` printed, and its checkout."""

    checkout: Path
    output: str

    @cached_property
    def state(self) -> State:
        return state(self.checkout)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, rendered: Path) -> Release:
    """A released image of the workers of dev, in a checkout that no test changes."""
    checkout = copy_sources(tmp_path_factory.mktemp("released"))
    shutil.copytree(rendered, checkout / "rendered")
    result = evalctl(checkout, "release", "worker", BUILT, "--env", "dev")
    assert result.returncode == 0, result.stderr
    return Release(checkout, result.stdout)


@ONE_RELEASE
def test_a_release_changes_one_digest_and_what_is_rendered_from_it(
    checkout: Path, released: Release
) -> None:
    old_images, old_rendered = state(checkout)
    images, rendered = released.state
    old, new = DEV.images[Image.WORKER], BUILT
    wanted = json.loads(old_images)
    wanted["dev"]["worker"] = new
    assert json.loads(images) == wanted
    assert len(set(images.splitlines()) - set(old_images.splitlines())) == 1
    reference = Names(DEV).image(Image.WORKER)
    assert rendered == {
        path: text.replace(reference, reference.replace(old, new))
        for path, text in old_rendered.items()
    }
    changed = [path for path in rendered if rendered[path] != old_rendered[path]]
    assert changed
    assert all(path.startswith("dev/") for path in changed)
    for text in (old, new, "environments/images.json", *changed):
        assert text in released.output
    assert "behind its sources" not in released.output


@ONE_RELEASE
@pytest.mark.parametrize(
    "half",
    [
        "images.json only",
        *(
            pytest.param(half, marks=pytest.mark.rehearsal)
            for half in ("neither", "rendered/ only")
        ),
    ],
)
def test_a_release_of_the_running_image_finishes_what_is_missing_and_reports_it(
    checkout: Path, released: Release, half: str
) -> None:
    if half != "rendered/ only":
        shutil.copy(images_file(released.checkout), images_file(checkout))
    if half != "images.json only":
        shutil.rmtree(checkout / "rendered")
        shutil.copytree(released.checkout / "rendered", checkout / "rendered")

    result = evalctl(checkout, "release", "worker", BUILT, "--env", "dev")

    assert result.returncode == 0, result.stderr
    assert state(checkout) == released.state
    nothing_to_do = f"dev already runs the worker {BUILT}: nothing to change" in result.stdout
    assert nothing_to_do == (half == "neither")
    behind = f"{BUILT} was in environments/images.json; rendered/ was not up to date"
    assert (behind in result.stdout) == (half == "images.json only")
    assert ("rendered/dev/k8s/worker/" in result.stdout) == (half == "images.json only")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("release", "api", BUILT, "--env", "dev"), "'api' is not one of 'orchestrator', 'worker'"),
        (("release", "worker", "v1.2.3", "--env", "dev"), "'v1.2.3' is not a digest"),
        (("release", "worker", release.PLACEHOLDER, "--env", "dev"), "No image has the digest"),
        (("release", "worker", BUILT, "--env", "qa"), f"no environment 'qa'. Known: {KNOWN}"),
        (("promote", "worker", "--to", "dev"), "dev takes images from builds"),
        (
            ("promote", "worker", "--to", "prod"),
            "It is read from main, the branch that Argo CD follows",
        ),
    ],
)
def test_what_cannot_be_released_is_refused_with_what_to_do(
    checkout: Path, arguments: tuple[str, ...], message: str
) -> None:
    before = state(checkout)

    result = invoked(checkout, *arguments)

    assert result.returncode != 0
    assert message in result.stderr
    assert state(checkout) == before


def test_a_release_whose_render_fails_changes_nothing(checkout: Path) -> None:
    edit(
        own(checkout, "k8s") / "app.py", "def build(", "raise RuntimeError('planted')\n\ndef build("
    )
    before = state(checkout)

    result = evalctl(checkout, "release", "worker", BUILT, "--env", "dev")

    assert result.returncode == 1
    assert "planted" in result.stderr
    assert state(checkout) == before
    assert not list((checkout / "environments").glob(".*"))


@pytest.mark.rehearsal
def test_production_runs_only_what_development_runs(checkout: Path) -> None:
    to_prod = ("release", "worker", BUILT, "--env", "prod")
    set_digest(checkout, SOURCE, Image.WORKER, OTHER)
    commit(checkout)
    before = state(checkout)

    result = evalctl(checkout, *to_prod)
    assert result.returncode == 1
    assert f"{SOURCE} runs the worker {OTHER}" in result.stderr
    assert f"first: evalctl release worker {BUILT} --env {SOURCE}" in result.stderr
    assert state(checkout) == before

    set_digest(checkout, SOURCE, Image.WORKER, BUILT)
    before = state(checkout)
    result = evalctl(checkout, *to_prod)
    assert result.returncode == 1
    assert "not on main yet. Merge it" in result.stderr
    assert state(checkout) == before

    commit(checkout)
    result = evalctl(checkout, "promote", "worker", "--to", "prod")
    assert result.returncode == 0, result.stderr
    images, rendered = state(checkout)
    assert json.loads(images)["prod"]["worker"] == BUILT
    production = "".join(text for path, text in rendered.items() if path.startswith("prod/k8s/"))
    assert Names(PROD).image(Image.WORKER).replace(PROD.images[Image.WORKER], BUILT) in production

    assert "prod already runs" in evalctl(checkout, *to_prod).stdout


def test_an_image_that_development_never_had_is_not_promoted(checkout: Path) -> None:
    set_digest(checkout, SOURCE, Image.WORKER, release.PLACEHOLDER)
    commit(checkout)
    set_digest(checkout, SOURCE, Image.WORKER, BUILT)  # released, but not committed

    result = evalctl(checkout, "promote", "worker", "--to", "prod")

    assert result.returncode == 1
    assert f"{SOURCE} runs no worker yet" in result.stderr


def test_the_remotes_branch_is_read_before_the_local_one(tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()
    file = images_file(tmp_path)
    for text in ("pushed", "not pushed"):
        file.write_text(text)
        commit(tmp_path)
        assert release.committed_text(file, branch="main") == text
    git(tmp_path, "update-ref", "refs/remotes/origin/main", "main~1")
    assert release.committed_text(file, branch="main") == "pushed"


def test_a_file_that_was_not_up_to_date_is_marked() -> None:
    before = {"dev/a.yaml": f"image: {Names(DEV).image(Image.WORKER)}", "dev/b.yaml": "cpu: 1"}
    now = replace(DEV, images={**DEV.images, Image.WORKER: BUILT})
    after = {"dev/a.yaml": f"image: {Names(now).image(Image.WORKER)}", "dev/b.yaml": "cpu: 2"}

    changed = release.changed_files(before, after, image=Image.WORKER, was=DEV, now=now)

    assert changed == [
        release.ChangedFile("dev/a.yaml", image_only=True),
        release.ChangedFile("dev/b.yaml", image_only=False),
    ]


def test_the_committed_file_is_formatted_as_a_release_writes_it() -> None:
    text = (ROOT / "environments" / "images.json").read_text()
    assert text == release.formatted(json.loads(text))
