"""Finds keys in tracked files, with detect-secrets' detectors and patterns for what it lacks.

A finding cannot be skipped. An example in the docs must be written so that it does not look like a key.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evalctl.processes import CommandFailedError, output

# Keys that detect-secrets does not detect, or not in every form. The prefixes are the issuers', as in
# GitHub's list of supported secret scanning patterns; "api03" and "admin01" follow Anthropic's prefix.
_OWN_PATTERNS = {
    "Anthropic API key": re.compile(r"sk-ant-[a-z]+[0-9]{2}-[A-Za-z0-9_-]{20,}"),
    "OpenAI API key": re.compile(
        r"sk-(?:(?:proj|svcacct|admin|service)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})"
    ),
    # The first bytes of a PEM or OpenSSH key. The first line alone is also in code that reads keys, so
    # content must follow; between them is a line break, possibly escaped inside a string.
    "private key": re.compile(
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr])*"
        r"(?:[A-Za-z-]+: [^\n]*\s+)*[A-Za-z0-9+/=]{32,}"
    ),
}
_EXCERPT = 12  # characters of a key that may be shown; its kind and place are enough


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
    kinds = [*_detectors(), *_OWN_PATTERNS.items()]
    return sorted(
        {
            _finding(file.relative_to(repository).as_posix(), text, kind, match)
            for file in files
            for text in [_text(file)]
            for kind, pattern in kinds
            for match in pattern.finditer(text)
        }
    )


def _detectors() -> Iterator[tuple[str, re.Pattern[str]]]:
    """The patterns of detect-secrets; its own scan silently skips files that it cannot decode."""
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
    # Windows editors write UTF-16, in which a zero byte follows each letter of a key.
    return content.replace(b"\0", b"").decode(errors="replace")


def _finding(file: str, text: str, kind: str, match: re.Match[str]) -> Finding:
    line = text.count("\n", 0, match.start()) + 1
    return Finding(file, line, kind, match.group()[:_EXCERPT].partition("\n")[0])
