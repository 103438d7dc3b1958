"""jsii's kernel runs as one Node process, and what a library prints still reaches Python's output."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bindings.aws_provider import PLAIN_IMPORT_SWITCH
from bindings.kernel import keep_references, use_one_process
from bindings.node import use_bundled_node
from tests.support.paths import ROOT

Message = dict[str, object]

COUNTED = """
from pathlib import Path
import os, stacks, constructs

def parent(process):
    return process.read_text().rpartition(")")[2].split()[1]

def below(parent_id):
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if parent(stat) == parent_id:
                children.append(stat.parent.name)
        except OSError:  # it ended
            pass
    return len(children) + sum(map(below, children))

print(below(str(os.getpid())))
"""


@pytest.mark.parametrize(("variables", "processes"), [({}, 1), ({PLAIN_IMPORT_SWITCH: "1"}, 2)])
def test_a_render_starts_one_node_and_the_plain_import_starts_jsii_s_two(
    variables: dict[str, str], processes: int
) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "JSII_RUNTIME"} | variables
    result = subprocess.run(
        [sys.executable, "-c", COUNTED],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == str(processes)


def kernel_with(library: str, folder: Path) -> tuple[list[Message], list[Message]]:
    """What the kernel answers with this script in it, and what it prints."""
    script = folder / "library.js"
    script.write_text(library)
    use_one_process()
    result = subprocess.run(
        [use_bundled_node(), "--require", script, os.environ["JSII_RUNTIME"]],
        input='{"api": "stats"}\n{"exit": 0}\n',
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answered, printed = (
        [json.loads(line) for line in text.splitlines()] for text in (result.stdout, result.stderr)
    )
    return answered, printed


def texts(printed: list[Message]) -> list[tuple[str, str]]:
    return [
        (name, base64.b64decode(str(text)).decode())
        for each in printed
        for name, text in each.items()
    ]


@pytest.fixture(autouse=True)
def _no_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JSII_RUNTIME", raising=False)


def test_what_a_library_prints_is_no_message_of_the_kernel(tmp_path: Path) -> None:
    (hello, answer), printed = kernel_with(
        'setImmediate(() => { console.log("out"); console.error("err"); });', tmp_path
    )
    assert hello.keys() == {"hello"}
    assert answer == {"ok": {"objectCount": 0}}
    assert texts(printed) == [("stdout", "out\n"), ("stderr", "err\n")]


def test_errors_have_stacks_and_values_have_none(tmp_path: Path) -> None:
    """cdktf sets this limit for the stack of a value."""
    _, printed = kernel_with(
        """
        setImmediate(() => {
            console.log(new Error("wrong").stack.split("\\n").length > 1);
            const value = { stack: "" };
            Error.stackTraceLimit = Number.MAX_SAFE_INTEGER;
            Error.captureStackTrace(value);
            console.log(value.stack === "");
        });
        """,
        tmp_path,
    )
    assert texts(printed) == [("stdout", "true\n"), ("stdout", "true\n")]


def test_a_package_that_no_render_uses_is_loaded_when_it_is_used(tmp_path: Path) -> None:
    package = tmp_path / "archiver"
    package.mkdir()
    (package / "index.js").write_text(
        'console.log("loaded"); module.exports = (kind) => kind; module.exports.version = "1";'
    )
    _, printed = kernel_with(
        f"""
        setImmediate(() => {{
            process.env.NODE_PATH = "{tmp_path}";
            require("node:module")._initPaths();
            const archiver = require("archiver");
            console.log("required");
            console.log(archiver("zip"), archiver.version);
        }});
        """,
        tmp_path,
    )
    assert [text for _, text in texts(printed)] == ["required\n", "loaded\n", "zip 1\n"]


class Jsii:
    """Stands for jsii, and counts what is read."""

    def __init__(self) -> None:
        self.reads = 0

    def get(self, _: object, name: str) -> object:
        self.reads += 1
        return {"arn": f"${{TfToken[TOKEN.{self.reads}]}}", "count": 3}[name]


@pytest.mark.parametrize(("variables", "reads"), [({}, 4), ({PLAIN_IMPORT_SWITCH: "1"}, 5)])
def test_a_reference_is_read_once_of_each_resource_and_not_kept_with_the_plain_import(
    variables: dict[str, str], reads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    jsii = Jsii()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "jsii", jsii)
    keep_references()
    one, other = (
        SimpleNamespace(__jsii_ref__=SimpleNamespace(ref=f"aws.Bucket@{number}"))
        for number in (1, 2)
    )
    first = jsii.get(one, "arn")
    assert (jsii.get(one, "arn") == first) is not bool(variables)
    assert jsii.get(other, "arn") != first
    assert [jsii.get(one, "count") for _ in range(2)] == [3, 3]
    assert jsii.reads == reads


def test_a_runtime_that_a_person_names_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSII_RUNTIME", "/mine.js")
    use_one_process()
    assert os.environ["JSII_RUNTIME"] == "/mine.js"


LOADED = """
from pathlib import Path
import os, stacks, cdktf

(kernel,) = Path(os.environ["TMPDIR"]).glob("jsii-kernel-*")
print([package.is_symlink() for package in sorted((kernel / "node_modules").iterdir())])
cdktf.App(outdir=os.environ["TMPDIR"]).synth()
"""


def test_a_package_is_one_link_and_its_compiled_code_is_kept(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    result = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "HOME": str(home)},
        umask=0o002,  # Ubuntu's
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[True, True]"  # cdktf and constructs
    assert (tmp_path / "manifest.json").exists()
    assert not list(
        tmp_path.glob("jsii-kernel-*")
    )  # removed at the end, with what it links to kept
    # Beside jsii's cache, so that nothing stays of a temporary home folder.
    compiled = home / ".cache" / "aws" / "jsii" / "compiled"
    assert len([file for file in compiled.rglob("*") if file.is_file()]) > 100
