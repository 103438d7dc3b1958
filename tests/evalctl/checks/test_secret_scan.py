"""A key is found in any file. The keys are put together here, so that no file holds what looks like one."""

import base64
import json
import random
import string
import subprocess
from collections.abc import Callable
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
# The forms that the issuers publish, as gitleaks' list of rules has them too.
HEX = "0123456789abcdef"
URLSAFE = string.ascii_letters + string.digits + "_-"


def jwt() -> str:
    parts = ('{"alg":"HS256","typ":"JWT"}', '{"sub":"1234567890","iat":1516239022}')
    encoded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, letters(43, URLSAFE)])


CORPUS = KEYS | {
    "Amazon Bedrock": "AB" + "SK" + letters(128),
    "age": "AGE-" + "SECRET-KEY-1" + letters(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    "Atlassian": "ATA" + "TT3" + letters(186, URLSAFE),
    "Azure client secret": letters(3) + "8" + "Q~" + letters(34),
    "ClickHouse Cloud": "4b" + "1d" + letters(38),
    "Confident AI": "confident" + "_us_" + letters(43),
    "Databricks": "da" + "pi" + letters(32, HEX),
    "Datadog API key": "DD_API" + "_KEY=" + letters(32, HEX),
    "Datadog API key in YAML": "datadog-api" + "-key: '" + letters(32, HEX) + "'",
    "Datadog application key": "DD_APP" + "_KEY: " + letters(40, HEX),
    "DigitalOcean": "do" + "p_v1_" + letters(64, HEX),
    "Discord": "M" + letters(23) + "." + letters(6) + "." + letters(27),
    "Docker Hub": "dckr" + "_pat_" + letters(27, URLSAFE),
    "Doppler": "dp" + ".pt." + letters(43),
    "GitHub app": "gh" + "s_" + letters(36),
    "GitHub fine-grained": "github" + "_pat_" + letters(22) + "_" + letters(59),
    "GitHub refresh": "gh" + "r_" + letters(76),
    "GitLab": "gl" + "pat-" + letters(20, URLSAFE),
    "GitLab deploy": "gl" + "dt-" + letters(20, URLSAFE),
    "GitLab job": "gl" + "cbt-" + "64_" + letters(20),
    "GitLab routable": "gl" + "pat-" + letters(27) + ".0" + letters(8, HEX),
    "GitLab runner": "gl" + "rt-" + letters(20, URLSAFE),
    "GitLab trigger": "gl" + "ptt-" + letters(40, HEX),
    "Google access": "ya" + "29." + letters(120),
    "Google API": "AI" + "za" + letters(35, URLSAFE),
    "Google OAuth": "GOC" + "SPX-" + letters(28, URLSAFE),
    "Google service account": '{"private_key": ' + repr(pem("")).replace("'", '"') + "}",
    "Grafana": "gl" + "sa_" + letters(32) + "_" + letters(8, HEX),
    "Grafana Cloud": "gl" + "c_" + letters(100),
    "Groq": "gs" + "k_" + letters(52),
    "HCP Terraform": letters(14) + ".atlas" + "v1." + letters(67),
    "Heroku": "HR" + "KU-AA" + letters(58),
    "Hugging Face": "h" + "f_" + letters(34, string.ascii_letters),
    "Hugging Face organisation": "api" + "_org_" + letters(34, string.ascii_letters),
    "JWT": jwt(),
    "LangSmith": "ls" + "v2_pt_" + letters(32, HEX) + "_" + letters(10, HEX),
    "Langfuse": "sk" + "-lf-" + "-".join(letters(n, HEX) for n in (8, 4, 4, 4, 12)),
    "Linear": "lin" + "_api_" + letters(40),
    "Mailchimp": letters(32, HEX) + "-us" + "12",
    "New Relic": "NR" + "AK-" + letters(27, UPPER),
    "Notion": "nt" + "n_" + letters(11, string.digits) + letters(35),
    "npm": "np" + "m_" + letters(36),
    "npmrc": "//registry.npmjs.org/:_auth" + "Token=npm" + "_" + letters(36),
    "OpenRouter": "sk" + "-or-v1-" + letters(64, HEX),
    "password in a URL": "postgres" + "ql://eval:" + letters(20) + "@db.internal:5432/eval",
    "password in a URL without a user": "red" + "is://:" + letters(20) + "@queue.internal:6379/0",
    "password with signs in a URL": "ht"
    + "tps://ci:"
    + letters(9)
    + "!+,=$"
    + "@git.internal/x.git",
    "Perplexity": "pp" + "lx-" + letters(48),
    "Postman": "PM" + "AK-" + letters(24, HEX) + "-" + letters(34, HEX),
    "Pulumi": "pu" + "l-" + letters(40, HEX),
    "PyPI": "py" + "pi-AgEIcHlwaS5vcmc" + letters(120, URLSAFE),
    "TestPyPI": "py" + "pi-AgENdGVzdC5weXBpLm9yZw" + letters(120, URLSAFE),
    "Replicate": "r" + "8_" + letters(37),
    "RubyGems": "ruby" + "gems_" + letters(48, HEX),
    "SendGrid": "S" + "G." + letters(22) + "." + letters(43),
    "Sentry": "snt" + "ryu_" + letters(64, HEX),
    "Shopify": "shp" + "at_" + letters(32, HEX),
    "Slack app": "xa"
    + "pp-1-"
    + letters(11, UPPER)
    + "-"
    + letters(13, string.digits)
    + "-"
    + letters(64, HEX),
    "Slack bot": "xo"
    + "xb-"
    + letters(12, string.digits)
    + "-"
    + letters(12, string.digits)
    + "-"
    + letters(24),
    "Slack configuration": "xo" + "xe.xo" + "xp-1-" + letters(163, UPPER),
    "Slack trigger": "https://hooks.slack"
    + f".com/triggers/T{letters(10, UPPER)}/{letters(13, string.digits)}/{letters(32, HEX)}",
    "Slack workflow": "https://hooks.slack"
    + f".com/workflows/T{letters(10, UPPER)}/A{letters(10, UPPER)}/{letters(18, string.digits)}/{letters(24)}",
    "Square": "sq" + "0csp-" + letters(43, URLSAFE),
    "Stripe": "sk" + "_live_" + letters(24),
    "Stripe test": "rk" + "_test_" + letters(48),
    "Twilio": "S" + "K" + letters(32, HEX),
    "Vault": "hv" + "s." + letters(95, URLSAFE),
    "xAI": "xa" + "i-" + letters(80),
}


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# A variable, because a manifest in this file would be found.
SECRET = "Secret"


def secret(entry: str) -> str:
    return f"apiVersion: v1\nkind: {SECRET}\nmetadata: {{name: keys}}\n{entry}\n"


# The texts around a key, as people commit them.
FORMS: dict[str, Callable[[str], str]] = {
    "alone": lambda key: f"{key}\n",
    "a variable of a shell": lambda key: f'export KEY="{key}"\n',
    "a string of Python": lambda key: f"client = Client({key!r})\n",
    "JSON": lambda key: json.dumps({"key": key, "next": 1}),
    "base64": lambda key: f"key: {base64_of(key)}\n",
    "base64 of a line": lambda key: f"key: {base64_of(key + chr(10))}\n",
    "base64 of several lines": lambda key: base64.encodebytes(f"A=1\nKEY={key}\nB=2\n".encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(key.encode()).decode().rstrip("="),
    "base64 twice": lambda key: f"key: {base64_of(json.dumps({'auth': base64_of(key)}))}\n",
    "base64 of UTF-16": lambda key: base64.b64encode(key.encode("utf-16-le")).decode(),
    "a Secret's data": lambda key: secret(f"data:\n  key: {base64_of(key)}"),
    "a Secret's stringData": lambda key: secret(f"stringData:\n  key: |\n    {key}"),
    "a list of Secrets": lambda key: f"kind: List\nitems:\n  - kind: {SECRET}\n    data:\n      key: {base64_of(key)}\n",
    "a Secret in JSON": lambda key: json.dumps({"kind": SECRET, "data": {"key": base64_of(key)}}),
}  # fmt: skip
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


def test_at_least_95_percent_of_a_corpus_of_keys_is_found(repository: Path) -> None:
    for form, write in FORMS.items():
        for kind, key in CORPUS.items():
            file = repository / form / kind
            file.parent.mkdir(exist_ok=True)
            file.write_text(write(key))
    planted = {f"{form}/{kind}" for form in FORMS for kind in CORPUS}

    found = {find.file for find in secret_scan.scan(repository, secret_scan.tracked(repository))}

    missed = planted - found
    assert len(missed) <= 0.05 * len(planted), sorted(missed)
    # No kind is missed in every form, and no form hides every kind.
    assert {Path(name).name for name in found} == set(CORPUS)
    assert {Path(name).parent.name for name in found} == set(FORMS)


@pytest.mark.parametrize(
    "entry",
    [
        "data:\n  password: cGFzc3dvcmQ=",
        "stringData:\n  user: ''\n  password: correct horse",
        "data: {password: cGFzc3dvcmQ=}",
        '"data": {"user": "", "password": "cGFzc3dvcmQ="}',
    ],
)
def test_every_value_of_a_kubernetes_secret_is_found(repository: Path, entry: str) -> None:
    (find,) = plant(repository, "secret.yaml", f"kind: ConfigMap\n---\n{secret(entry)}".encode())
    assert str(find).startswith("secret.yaml:")
    assert find.kind == "value of a Kubernetes Secret"
    assert find.begins == "password"


@pytest.mark.parametrize(
    "entry",
    [
        "metadata:\n  name: x",
        "data:\n  password: {{ .Values.password }}",
        'stringData:\n  password: "$PASSWORD"',
        "data:\n  password: <base64>",
        "data: {}",
    ],
)
def test_a_kubernetes_secret_without_a_value_is_no_key(repository: Path, entry: str) -> None:
    assert plant(repository, "secret.yaml", secret(entry).encode()) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://{user}:{password}@host",
        "https://user:$PASSWORD@host",
        "https://host:8080/@scope/name",
        "ssh://git@host:22/name.git",
        "postgresql://<user>:<password>@host/db",
    ],
)
def test_a_url_without_a_password_is_no_key(repository: Path, url: str) -> None:
    assert plant(repository, "page.md", url.encode()) == []


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


def test_all_files_of_this_repository_are_scanned() -> None:
    """`make lint` scans them."""
    assert len(secret_scan.tracked(ROOT)) > 300
