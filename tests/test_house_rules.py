"""Rules for the whole repository: lock files, targets, pages that exist, words. `make lint` checks the sources."""

import ast
import re
import subprocess
import tokenize
from pathlib import Path

from tests.support.paths import ROOT

# Words for people. A program logs, prints, reports, fails, returns, reads, checks or requests. The words
# count in identifiers too, as in `said` or `was_asked`.
SPEECH = re.compile(r"(?<![A-Za-z])(?i:told|tells?|said|says?|asks|asked)(?![a-z])")
# Files that may contain such a word, and the reason.
SPEECH_ALLOWED = {"tests/test_house_rules.py": "it lists the words"}


def test_lock_files_pin_hashes_and_contain_no_address() -> None:
    locks = ("requirements.lock", "requirements-dev.lock")
    fewest = {
        **dict.fromkeys((*locks, *(f"workload/{lock}" for lock in locks)), 20),
        "requirements-cdktn.lock": 10,
        "requirements-installer.lock": 0,
        "requirements-peers.lock": 20,
    }
    for lock, number in fewest.items():
        text = (ROOT / lock).read_text()
        pins = re.findall(r"^[a-z0-9._-]+==\S+", text, flags=re.MULTILINE)
        hashed = re.findall(r"^[a-z0-9._-]+==[^\n]+\\\n    --hash=sha256:", text, re.MULTILINE)
        assert len(pins) == len(hashed) > number, lock
        assert "://" not in text, lock
    npm = (ROOT / "package-lock.json").read_text()
    assert '"integrity": "sha512-' in npm
    assert "://" not in npm


def test_every_target_of_the_makefile_is_in_its_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.findall(r"^\.PHONY: (\S+)", makefile, re.MULTILINE)
    result = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    output = re.sub(r"\x1b\[\d+m", "", result.stdout)
    assert phony
    for target in phony:
        assert re.search(rf"\b{target}\b.*\S \S", output), f"`make help` does not describe {target}"


def test_every_page_that_is_named_anywhere_exists() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    named = {
        (page, file)
        for file in tracked
        if file and not file.startswith("tests/") and not file.endswith(".png")
        for page in re.findall(r"(?<![\w/-])docs/[\w./-]+\.(?:md|png)\b", (ROOT / file).read_text())
    }
    assert len(named) > 50
    assert [(page, file) for page, file in sorted(named) if not (ROOT / page).exists()] == []


def test_code_and_pages_describe_programs_in_plain_words() -> None:
    kinds = (
        "*.py",
        "*.md",
        "*.sh",
        "*.sql",
        "*.yml",
        "*.toml",
        "*.xml",
        "Makefile",
        ".ci",
        ".github",
    )
    tracked = subprocess.run(
        ["git", "ls-files", "-z", *kinds], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    files = [file for file in tracked if file and (ROOT / file).exists()]
    found = [
        f"{file}:{number}: {line.strip()}"
        for file in files
        if file not in SPEECH_ALLOWED
        for number, line in enumerate((ROOT / file).read_text(encoding="utf-8").splitlines(), 1)
        if SPEECH.search(line)
    ]
    assert len(files) > 300
    assert not found, "\n".join(
        ["use a plain word such as report, log, output or request:", *found]
    )


def lines_of_code(file: Path) -> int:
    """Without empty lines, comments, docstrings and imports."""
    with tokenize.open(file) as source:
        written = {
            line
            for token in tokenize.generate_tokens(source.readline)
            if token.string.strip() and token.type != tokenize.COMMENT
            for line in range(token.start[0], token.end[0] + 1)
        }
    tree = ast.parse(file.read_text())
    return len(
        written.difference(
            line
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            or (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            )
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        )
    )


def lines_of_the_reference_programs() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "workload/*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    return sum(lines_of_code(ROOT / file) for file in listed)


def test_the_reference_programs_stay_as_short_as_was_decided() -> None:
    """About 1,200 lines: docs/decisions/0021-reference-programs.md."""
    assert lines_of_the_reference_programs() <= 1250
