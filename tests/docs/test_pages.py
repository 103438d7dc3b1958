"""Every page can be found from the index, every link leads somewhere, and the README stays short."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

README_LINES = 150
INDEX = ROOT / "docs" / "README.md"
PAGES = [
    ROOT / name
    for name in subprocess.run(
        # New pages too, before they are added.
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    if name and (ROOT / name).is_file()
]


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


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_the_index_links_every_page() -> None:
    linked = {file for file, _ in targets(INDEX)}
    pages = {page for page in PAGES if page.is_relative_to(INDEX.parent)} - {INDEX}
    assert len(pages) > 20
    assert sorted(map(name, pages - linked)) == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= README_LINES


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = [
        f"{file.relative_to(ROOT)}#{anchor}"
        for file, anchor in targets(page)
        if not file.exists() or (anchor and anchor not in anchors(file))
    ]
    assert broken == []
