"""Finds keys in tracked files: detect-secrets' detectors, and patterns for those that it lacks.

It has no way to excuse a find: an example that looks like a key is written so that it does not.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evalctl.processes import CommandFailedError, output

# What detect-secrets does not know, or not in every form. The prefixes are the issuers' own, as in
# GitHub's list of supported secret scanning patterns; "api03" and "admin01" stand after Anthropic's.
_OWN_PATTERNS = {
    "Anthropic API key": re.compile(r"sk-ant-[a-z]+[0-9]{2}-[A-Za-z0-9_-]{20,}"),
    "OpenAI API key": re.compile(
        r"sk-(?:(?:proj|svcacct|admin|service)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})"
    ),
    # The bytes that every PEM or OpenSSH key begins with. Its first line alone is in code that reads
    # keys; what follows may be a line break, or one escaped inside a string.
    "private key": re.compile(
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr])*"
        r"(?:[A-Za-z-]+: [^\n]*\s+)*[A-Za-z0-9+/=]{32,}"
    ),
}
_EXCERPT = 12  # characters of a find that may be shown: its kind and where it is are enough


@dataclass(frozen=True, order=True)
class Find:
    """Something that looks like a key; it is never shown whole."""

    file: str
    line: int
    kind: str
    begins: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind} ({self.begins}…)"


def tracked(repository: Path) -> list[Path]:
    """What Git tracks or would track: files not added yet are scanned too, ignored ones are not.

    Raises:
        ValueError: Git lists none, so that there is nothing to scan.
    """
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        names = [name for name in output(command, folder=repository).split("\0") if name]
    except CommandFailedError as error:
        raise ValueError(f"Git lists no files in {repository}: {error.reason}") from error
    if not names:
        raise ValueError(f"Git lists no files in {repository}.")
    files = (repository / name for name in sorted(set(names)))
    # A file that was deleted and not committed yet is listed still; a link's target is its content.
    return [file for file in files if file.is_file() or file.is_symlink()]


def scan(repository: Path, files: Iterable[Path]) -> list[Find]:
    """Every find in these files, whatever their encoding."""
    kinds = [*_detectors(), *_OWN_PATTERNS.items()]
    return sorted(
        {
            _find(file.relative_to(repository).as_posix(), text, kind, match)
            for file in files
            for text in [_text(file)]
            for kind, pattern in kinds
            for match in pattern.finditer(text)
        }
    )


def _detectors() -> Iterator[tuple[str, re.Pattern[str]]]:
    """The patterns alone: the library would pass over files that it cannot decode, without a word."""
    from detect_secrets.plugins import aws, github_token, sendgrid, slack, stripe, twilio

    for detector in (
        aws.AWSKeyDetector,
        github_token.GitHubTokenDetector,
        sendgrid.SendGridDetector,
        slack.SlackDetector,
        stripe.StripeDetector,
        twilio.TwilioKeyDetector,
    ):
        for pattern in detector.denylist:
            yield detector.secret_type, pattern


def _text(file: Path) -> str:
    if file.is_symlink():
        return str(file.readlink())
    content = file.read_bytes()
    # Windows editors write UTF-16, in which a key has a zero after each letter.
    return content.replace(b"\0", b"").decode(errors="replace")


def _find(file: str, text: str, kind: str, match: re.Match[str]) -> Find:
    line = text.count("\n", 0, match.start()) + 1
    return Find(file, line, kind, match.group()[:_EXCERPT].partition("\n")[0])
