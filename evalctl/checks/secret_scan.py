"""Finds keys in tracked files: as they are, in base64, and as a value of a Kubernetes Secret.

A finding cannot be skipped. An example in the docs must be written so that it does not look like a key.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evalctl.checks import kubernetes_secrets, secret_patterns
from evalctl.processes import CommandFailedError, output

# Characters of a key that may be shown, and never more than a third of it; kind and place are enough.
_EXCERPT = 12
# 20 characters hold 15 bytes, less than any key. Programs break long lines after 64 or 76 characters.
_BASE64 = re.compile(
    r"[A-Za-z0-9+/_-]{64,76}(?:\r?\n[ \t]*[A-Za-z0-9+/_-]{64,76})*\r?\n[ \t]*[A-Za-z0-9+/_-]+={0,2}"
    r"|[A-Za-z0-9+/_-]{20,}={0,2}"
)
_LAYERS = 3  # a registry's password in a Secret is encoded twice


@dataclass(frozen=True, order=True)
class Finding:
    """A text that looks like a key; it is never shown whole."""

    file: str
    line: int
    kind: str
    begins: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind} ({self.begins}…)"


def tracked(repository: Path) -> list[Path]:
    """The files that Git tracks or would track: also those not added yet, but not ignored ones.

    Raises:
        ValueError: Git lists no files.
    """
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        names = [name for name in output(command, folder=repository).split("\0") if name]
    except CommandFailedError as error:
        raise ValueError(f"Git lists no files in {repository}: {error.reason}") from error
    if not names:
        raise ValueError(f"Git lists no files in {repository}.")
    files = (repository / name for name in sorted(set(names)))
    # Git still lists a file whose deletion is not committed yet. The content of a link is its target.
    return [file for file in files if file.is_file() or file.is_symlink()]


def scan(repository: Path, files: Iterable[Path]) -> list[Finding]:
    """Every finding in these files, in any encoding."""
    kinds = list(secret_patterns.patterns())
    return sorted(
        {
            Finding(file.relative_to(repository).as_posix(), line, kind, begins)
            for file in files
            for line, kind, begins in _found(_text(file), kinds)
        }
    )


def _found(
    text: str, kinds: list[tuple[str, re.Pattern[str]]], layers: int = _LAYERS
) -> Iterator[tuple[int, str, str]]:
    """Line, kind and first characters of each key."""
    for kind, pattern in kinds:
        for match in pattern.finditer(text):
            yield _line(text, match), kind, _excerpt(match.group())
    for match in kubernetes_secrets.values(text):
        yield _line(text, match, "name"), "value of a Kubernetes Secret", match["name"]
    if not layers:
        return
    for match in _BASE64.finditer(text):
        if decoded := _decoded(match.group()):
            for _, kind, _ in _found(decoded, kinds, layers - 1):
                yield _line(text, match), f"{kind} in base64", _excerpt(match.group())


def _decoded(encoded: str) -> str:
    """The text that is encoded, or nothing: hashes and most identifiers decode to no text."""
    characters = "".join(encoded.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        text = base64.b64decode(characters + "=" * (-len(characters) % 4)).decode()
    except ValueError:
        return ""
    text = text.replace("\0", "")  # UTF-16, as PowerShell encodes
    return text if all(letter.isprintable() or letter.isspace() for letter in text) else ""


def _text(file: Path) -> str:
    if file.is_symlink():
        return str(file.readlink())
    content = file.read_bytes()
    # Windows editors write UTF-16, in which a zero byte follows each letter of a key.
    return content.replace(b"\0", b"").decode(errors="replace")


def _line(text: str, match: re.Match[str], group: str | int = 0) -> int:
    return text.count("\n", 0, match.start(group)) + 1


def _excerpt(key: str) -> str:
    return key[: min(_EXCERPT, len(key) // 3)].partition("\n")[0]
