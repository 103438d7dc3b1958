"""The commands in docs/secrets.md that store and try Alertmanager's webhooks work."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from dashboards.alerting.alertmanager import WEBHOOKS
from tests.dashboards.alerting.slack import alertmanager, slack
from tests.dashboards.alerting.test_alertmanager import amtool
from tests.support.manifests import Manifest
from tests.support.pages import shell_blocks
from tests.support.tools import program

pytestmark = pytest.mark.xdist_group("alertmanager")


def test_the_typed_webhooks_become_the_secrets_entry(tmp_path: Path) -> None:
    program("jq", get_it="apt-get install jq")
    (fill, _) = shell_blocks("secrets.md", "Slack")
    aws = tmp_path / "aws"
    aws.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\ncat > {tmp_path}/entry\n')
    aws.chmod(0o755)
    typed = {name: f"https://example.com/{name}?a=$b&c='d'" for name in WEBHOOKS}

    result = subprocess.run(
        ["bash", "-c", f"PATH={tmp_path}:$PATH\n{fill}"],
        input="".join(f"{address}\n" for address in typed.values()),
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "entry").read_text()) == typed
    arguments = (tmp_path / "arguments").read_text()
    assert "prod/eval-platform/slack-webhooks" in arguments
    assert "https://" not in arguments, "a process list would show it"


@pytest.mark.rehearsal
def test_the_test_message_reaches_its_channel(
    observation: dict[str, list[Manifest]], tmp_path: Path
) -> None:
    (_, trial) = shell_blocks("secrets.md", "Slack")
    words = shlex.split(trial.replace("\\\n", " ").replace("$ENV", "prod"))
    arguments = words[words.index("amtool") + 1 :]

    with slack() as workspace, alertmanager(observation["prod"], workspace, tmp_path) as manager:
        amtool(f"--alertmanager.url={manager.address}", *arguments[1:])
        message = workspace.wait_for("finops-warning", lambda _: True)

    assert message.title == "[prod] warning: ChannelTest"
    assert "*A test*" in message.text
