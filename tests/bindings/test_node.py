"""The Node that jsii starts: the bundled one, or the one that JSII_NODE names."""

import shutil
from pathlib import Path

import pytest

from bindings.node import UnusableNodeError, use_bundled_node


@pytest.mark.parametrize(
    ("node", "problem"),
    [
        ("/nowhere/node", "is not a file"),
        ("/usr", "is not a file"),
        ("/etc/passwd", "cannot be started (Permission denied)"),
        (shutil.which("true") or "/bin/true", "is another program than Node"),
    ],
)
def test_another_thing_than_node_is_refused(
    monkeypatch: pytest.MonkeyPatch, node: str, problem: str
) -> None:
    monkeypatch.setenv("JSII_NODE", node)
    with pytest.raises(UnusableNodeError) as error:
        use_bundled_node()
    assert f"JSII_NODE is {node}, which {problem}. Unset JSII_NODE" in str(error.value)


def test_the_bundled_node_is_used_and_another_node_is_accepted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("JSII_NODE", raising=False)
    bundled = use_bundled_node()
    link = tmp_path / "node"
    link.symlink_to(bundled)
    monkeypatch.setenv("JSII_NODE", str(link))
    assert use_bundled_node() == link
