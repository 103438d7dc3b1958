"""jsii's kernel runs as one Node process, and what a library prints still reaches Python's output."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bindings.aws_provider import PLAIN_IMPORT_SWITCH
from bindings.kernel import use_one_process
from bindings.node import use_bundled_node
from tests.support.paths import ROOT

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


def test_what_a_library_prints_is_no_message_of_the_kernel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("JSII_RUNTIME", raising=False)
    use_one_process()
    library = tmp_path / "library.js"
    library.write_text('setImmediate(() => { console.log("out"); console.error("err"); });')
    result = subprocess.run(
        [use_bundled_node(), "--require", library, os.environ["JSII_RUNTIME"]],
        input='{"api": "stats"}\n{"exit": 0}\n',
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    hello, answer = map(json.loads, result.stdout.splitlines())
    assert hello.keys() == {"hello"}
    assert answer == {"ok": {"objectCount": 0}}
    printed = [json.loads(line) for line in result.stderr.splitlines()]
    texts = [
        (name, base64.b64decode(text).decode()) for each in printed for name, text in each.items()
    ]
    assert texts == [("stdout", "out\n"), ("stderr", "err\n")]


def test_a_runtime_that_a_person_names_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSII_RUNTIME", "/mine.js")
    use_one_process()
    assert os.environ["JSII_RUNTIME"] == "/mine.js"
