"""The forks answer as the command does."""

import subprocess

import pytest

from tests.support.tools import program


@pytest.mark.rehearsal
@pytest.mark.parametrize("arguments", ["--version", "no-service", "configure list-profiles"])
def test_a_call_prints_and_ends_as_the_command_itself(aws_command: str, arguments: str) -> None:
    def result(shell: str) -> tuple[int, str, str]:
        called = subprocess.run(
            f"{shell} {arguments}",
            shell=True,
            env={"PATH": "/usr/bin:/bin", "AWS_CONFIG_FILE": "/dev/null"},
            capture_output=True,
            text=True,
            check=False,
        )
        return called.returncode, called.stdout, called.stderr

    assert result(aws_command) == result(program("aws", get_it="pip install awscli"))
