"""Every page is in the index, every link and path leads somewhere, and the README stays short."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

README_LINES = 150
README = ROOT / "README.md"
INDEX = ROOT / "docs" / "README.md"
BRIEF = ROOT / "docs" / "brief.md"


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def files(*patterns: str) -> list[Path]:
    """Git's files, new ones too before they are added."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return sorted({ROOT / name for name in listed if name and (ROOT / name).is_file()})


PAGES = files("*.md")
FOLDERS = {name(path).partition("/")[0] for path in files() if path.parent != ROOT}


def prose(page: Path) -> str:
    """The page without its code."""
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", lambda code: re.sub(r"[\[\]()]", "", code[0]), text)


def targets(page: Path) -> list[tuple[Path, str]]:
    """The file and the anchor of each relative link; an empty anchor is the whole file."""
    links = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    split = [link.partition("#") for link in links if not re.match(r"[a-z]+:", link)]
    return [((page.parent / file).resolve() if file else page, anchor) for file, _, anchor in split]


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings, and the anchors that the page sets itself."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a (?:id|name)="([^"]+)"', page.read_text()))


def test_the_index_links_every_page() -> None:
    linked = {file for file, _ in targets(INDEX)}
    pages = {page for page in PAGES if page.is_relative_to(INDEX.parent)} - {INDEX}
    assert len(pages) > 20
    assert sorted(map(name, pages - linked)) == []


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= README_LINES


def test_the_readme_lists_every_folder() -> None:
    listed = re.findall(r"^\| `(\w+)/` \|", README.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(folder for folder in FOLDERS if not folder.startswith("."))


def test_every_number_of_the_brief_that_code_and_pages_use_is_in_its_table() -> None:
    used = {
        number
        for file in files("*.py", "*.md", "*.toml", "*.yml")
        for group in re.findall(r"\((B\d+(?:, B\d+)*)\)", file.read_text())
        for number in group.split(", ")
    }
    listed = set(re.findall(r"^\| (B\d+) \|", BRIEF.read_text(), re.MULTILINE))
    assert used
    assert sorted(used - listed) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = [
        f"{file.relative_to(ROOT)}#{anchor}"
        for file, anchor in targets(page)
        if not file.exists() or (anchor and anchor not in anchors(file))
    ]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", page.read_text())
    missing = [
        path for path in named if path.partition("/")[0] in FOLDERS and not (ROOT / path).exists()
    ]
    assert missing == []
