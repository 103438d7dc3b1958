"""Reads workflows and composite actions as jobs and steps."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.paths import ROOT

Body = dict[str, Any]

FOLDER = ROOT / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))
ACTIONS = sorted((FOLDER / "actions").glob("*/action.yml"))
SCRIPTS = sorted((FOLDER / "scripts").iterdir())


@dataclass(frozen=True)
class Step:
    """A step of a job or of a composite action, and its place."""

    where: str
    body: Body

    @property
    def run(self) -> str | None:
        return self.body.get("run")

    @property
    def uses(self) -> str | None:
        return self.body.get("uses")


def read(file: Path) -> Body:
    """A workflow or an action. YAML 1.1 reads the key `on` as true; here it is `on`."""
    document: dict[object, Any] = yaml.load(file.read_text(), yaml.CSafeLoader)
    return {("on" if key is True else str(key)): value for key, value in document.items()}


def jobs(file: Path) -> dict[str, Body]:
    found: dict[str, Body] = read(file)["jobs"]
    return found


def steps() -> Iterator[Step]:
    """The steps of every workflow and every action."""
    for file in WORKFLOWS:
        for name, job in jobs(file).items():
            for number, body in enumerate(job.get("steps", []), start=1):
                yield Step(f"{file.stem}/{name}/{number}", body)
    for file in ACTIONS:
        for number, body in enumerate(read(file)["runs"]["steps"], start=1):
            yield Step(f"actions/{file.parent.name}/{number}", body)
