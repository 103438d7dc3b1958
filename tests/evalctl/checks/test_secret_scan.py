"""A key is found in any file. The keys are put together here, so that no file holds what looks like one."""

import base64
import random
import string
import subprocess
from pathlib import Path

import pytest

from evalctl.checks import secret_scan
from tests.support.paths import ROOT

DRAWN = random.Random(7)


def letters(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(DRAWN.choices(alphabet, k=count))


def pem(kind: str) -> str:
    body = base64.b64encode(DRAWN.randbytes(300)).decode()
    lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----\n"


UPPER = string.ascii_uppercase + string.digits
KEYS = {
    "OpenAI": "sk-" + letters(20) + "T3Blbk" + "FJ" + letters(20),
    "OpenAI project": "sk-" + "proj-" + letters(48),
    "OpenAI service account": "sk-" + "svcacct-" + letters(48),
    "Anthropic": "sk-" + "ant-api03-" + letters(93) + "AA",
    "Anthropic administrator": "sk-" + "ant-admin01-" + letters(93),
    "AWS": "AKI" + "A" + letters(16, UPPER),
    "AWS session": "ASI" + "A" + letters(16, UPPER),
    "AWS secret": "aws_secret_access_key = " + letters(40),
    "Slack webhook": "https://hooks.slack"
    + f".com/services/T{letters(10, UPPER)}/B{letters(10, UPPER)}/{letters(24)}",
    "GitHub": "gh" + "p_" + letters(36),
    "RSA private key": pem("RSA "),
    "private key": pem(""),
    "encrypted private key": pem("ENCRYPTED "),
    "OpenSSH private key": pem("OPENSSH "),
    "private key in a string": repr(pem("EC ")),
}
PLACES = (
    *("README.md", "environments/prod.py", "rendered/prod/k8s/secrets/x.yaml", "package-lock.json"),
    *(".github/workflows/check.yml", "evals/golden.jsonl", "a name with spaces", "noextension"),
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def plant(repository: Path, place: str, content: bytes) -> list[secret_scan.Finding]:
    file = repository / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return secret_scan.scan(repository, secret_scan.tracked(repository))


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("place", PLACES)
def test_a_planted_key_is_found_in_any_file(repository: Path, kind: str, place: str) -> None:
    found = plant(repository, place, f"first\nvalue: {KEYS[kind]}\n".encode())
    assert {(find.file, find.line) for find in found} == {(place, 2)}


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
@pytest.mark.parametrize("kind", KEYS)
def test_a_key_is_found_in_every_encoding(repository: Path, kind: str, encoding: str) -> None:
    assert plant(repository, "notes.txt", f"größer: {KEYS[kind]}\n".encode(encoding))


def test_comments_cannot_skip_a_key(repository: Path) -> None:
    text = f"key = '{KEYS['AWS']}'  # pragma: allowlist secret, nosec, gitleaks:allow"
    assert plant(repository, "settings.py", text.encode())


def test_a_key_is_never_shown_whole(repository: Path) -> None:
    (find,) = plant(repository, "x", KEYS["Anthropic"].encode())
    assert KEYS["Anthropic"] not in str(find)
    assert str(find).startswith("x:1: Anthropic API key (sk-ant-")


def test_code_that_reads_keys_and_hashes_of_lock_files_are_not_keys(repository: Path) -> None:
    text = f'if text.startswith("-----BEGIN PRIVATE KEY-----"):\n--hash=sha256:{letters(64, "0123456789abcdef")}\n'
    assert plant(repository, "x.py", text.encode()) == []


def test_what_git_ignores_is_not_scanned_and_what_is_not_added_yet_is(repository: Path) -> None:
    (repository / ".gitignore").write_text("ignored\n")
    (repository / "ignored").write_text(KEYS["AWS"])
    (find,) = plant(repository, "new", KEYS["AWS"].encode())
    assert find.file == "new"


def test_nothing_to_scan_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lists no files"):
        secret_scan.tracked(tmp_path)


def test_this_repository_holds_no_key() -> None:
    files = secret_scan.tracked(ROOT)
    assert len(files) > 300
    assert secret_scan.scan(ROOT, files) == []
