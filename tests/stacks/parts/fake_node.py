"""A ClickHouse node in a folder: its real scripts and files, with fakes of AWS and system programs."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from environments.names import CLICKHOUSE_CLUSTER, Names, Secret
from stacks.parts.clickhouse_node import settings
from stacks.parts.clickhouse_node.cloud_config import cloud_config
from stacks.parts.clickhouse_node.settings import Node
from tests.support.tools import HANGS_SECONDS

HERE = Path(__file__).parent
# Programs that need a real machine; each fake only records its call.
_INERT = (
    "chgrp",
    "chown",
    "systemctl",
    "mount",
    "xfs_growfs",
    "mkfs.xfs",
    "dnf",
    "curl",
    "useradd",
)


def node_files(names: Names, index: int = 1) -> dict[str, str]:
    """Path on the node → contents, as cloud-init writes them."""
    document = cloud_config(Node(names=names, index=index), data_device="/dev/data")
    return {
        file["path"]: file["content"]
        for file in yaml.load(document, yaml.CSafeLoader)["write_files"]
    }


@dataclass(frozen=True)
class FakeNode:
    """One node of an environment. Nodes that share `cloud` share secrets, buckets and the database."""

    names: Names
    index: int
    folder: Path
    cloud: Path

    def __post_init__(self) -> None:
        for part in ("bin", "run", "config.d", "users.d", "tls", "data"):
            (self.folder / part).mkdir(parents=True)
        self.cloud.mkdir(exist_ok=True)
        (self.folder / "authorities.crt").write_text("")
        (self.folder / "fstab").write_text("")
        for name in _INERT:
            self.fake_program(name, "")
        self.fake_program("mountpoint", "exit 1")
        self.fake_program("getent", "exit 0")
        for name in ("aws", "clickhouse-client"):
            program = HERE / f"fake_{name.replace('-', '_')}.py"
            # Scripts call aws hundreds of times. Without the packages of site-packages, Python starts in half the time.
            without_packages = " -I -S" if name == "aws" else ""
            self.fake_program(
                name, f'exec {shlex.quote(sys.executable)}{without_packages} {program} "$@"'
            )
        for path, content in node_files(self.names, self.index).items():
            if path.startswith(settings.SCRIPT_FOLDER):
                script = self.folder / Path(path).name
                script.write_text(content)
                script.chmod(0o755)

    def fake_program(self, name: str, script: str) -> None:
        """Replace a system program with a line of shell."""
        program = self.folder / "bin" / name
        calls = shlex.quote(str(self.folder / "calls"))
        program.write_text(f'#!/bin/bash\necho {name} "$@" >>{calls}\n{script}\n')
        program.chmod(0o755)

    def run(
        self, script: str, *arguments: str, **settings_: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script of the node; `settings_` replace lines of its `node.env`."""
        environment = self.folder / "node.env"
        values = {
            "DATA_DEVICE": self.folder / "device",
            "DATA_FOLDER": self.folder / "data",
            "SERVER_FOLDER": self.folder,
            "TLS_FOLDER": self.folder / "tls",
            "CLIENT_CONFIG": self.folder / "client.xml",
            "RUN_FOLDER": self.folder / "run",
            "FSTAB": self.folder / "fstab",
            "PUBLIC_AUTHORITIES": self.folder / "authorities.crt",
            "REPOSITORY_KEY_FILE": self.folder / "repository-key",
            "PATIENCE_SECONDS": "1",
            "ATTACH_POLL_SECONDS": "0",
            **settings_,
        }
        overrides = "".join(f"{key}={shlex.quote(str(value))}\n" for key, value in values.items())
        environment.write_text(
            node_files(self.names, self.index)[settings.ENVIRONMENT_FILE] + overrides
        )
        return subprocess.run(
            ["bash", str(self.folder / script), *arguments],
            env={
                **os.environ,
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin",
                "NODE_ENV": str(environment),
                "CLOUD": str(self.cloud),
            },
            capture_output=True,
            text=True,
            timeout=HANGS_SECONDS,
            check=False,
        )

    def calls(self, name: str) -> list[str]:
        """The calls of a fake program, in order."""
        log = self.folder / "calls"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line for line in lines if line.split()[0] == name]

    def queries(self, start: str) -> list[str]:
        """The queries of all nodes that start with this text."""
        log = self.cloud / "queries"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line for line in lines if line.startswith(start)]

    def secret(self, secret: Secret, stage: str = "AWSCURRENT") -> Path:
        """The file with a secret's value."""
        path = self.cloud / "secrets" / self.names.secret(secret) / stage
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def set_password(
        self, secret: Secret, username: str, password: str, stage: str = "AWSCURRENT"
    ) -> None:
        self.secret(secret, stage).write_text(
            json.dumps({"username": username, "password": password})
        )


def run_query(node: FakeNode, engine: dict[str, str], query: str) -> list[list[str]]:
    """The rows that ClickHouse's engine returns to the node's client."""
    result = subprocess.run(
        [str(node.folder / "bin" / "clickhouse-client"), "--query", query],
        env={**os.environ, **engine, "CLOUD": str(node.cloud), "CLUSTER": CLICKHOUSE_CLUSTER},
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return [line.split("\t") for line in result.stdout.strip().splitlines()]
