"""Reads workflows and composite actions the way a test wants to ask about them."""

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
    """A step of a job or of a composite action, and where it stands."""

    where: str
    body: Body

    @property
    def run(self) -> str | None:
        return self.body.get("run")

    @property
    def uses(self) -> str | None:
        return self.body.get("uses")


def read(file: Path) -> Body:
    """YAML 1.1 takes the key `on` for true; here it is a word again."""
    document: dict[object, Any] = yaml.safe_load(file.read_text())
    return {("on" if key is True else str(key)): value for key, value in document.items()}


def jobs(file: Path) -> dict[str, Body]:
    found: dict[str, Body] = read(file)["jobs"]
    return found


def steps() -> Iterator[Step]:
    """Of every workflow and every action."""
    for file in WORKFLOWS:
        for name, job in jobs(file).items():
            for number, body in enumerate(job.get("steps", []), start=1):
                yield Step(f"{file.stem}/{name}/{number}", body)
    for file in ACTIONS:
        for number, body in enumerate(read(file)["runs"]["steps"], start=1):
            yield Step(f"actions/{file.parent.name}/{number}", body)
