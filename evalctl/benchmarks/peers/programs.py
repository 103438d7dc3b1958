"""The programs of the other tools, written from rendered/, each with how many resources it declares."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bindings.node import use_bundled_node
from evalctl.benchmarks.peers import cdk_program
from evalctl.benchmarks.peers.declared import objects, resources
from evalctl.processes import output

ROOT = Path(__file__).parents[3]
_SECONDS = 600  # the first run of a program also compiles Python's packages


@dataclass(frozen=True, kw_only=True)
class Program:
    """A Python program, with its arguments and the variables of its environment."""

    title: str
    python: Path
    arguments: list[str]
    variables: dict[str, str] = field(default_factory=dict)

    def output(self) -> str:
        """Run it, and return what it prints.

        Raises:
            CommandFailedError: it failed.
        """
        return output(
            (str(self.python), *self.arguments),
            folder=ROOT,
            environment=self.variables,
            seconds=_SECONDS,
        )


def declared(rendered: Path) -> int:
    """How many AWS resources and Kubernetes objects our render declares."""
    return len(resources(rendered)) + len(objects(rendered))


def ours(out: Path, variables: dict[str, str]) -> Program:
    """`evalctl render` of every environment."""
    return Program(
        title="evalctl render",
        python=Path(sys.executable),
        arguments=["-m", "evalctl.main", "render", "--out", str(out)],
        variables=variables,
    )


def pulumi(
    rendered: Path, folder: Path, python: Path, variables: dict[str, str]
) -> tuple[Program, dict[str, int]]:
    """Pulumi's program, and how often it replaces or leaves out something that Pulumi does not have."""
    file = folder / "pulumi_program.py"
    writer = Program(
        title="",
        python=python,
        arguments=["-m", "evalctl.benchmarks.peers.pulumi_program", str(rendered), str(file)],
        variables=variables,
    )
    replaced: dict[str, int] = json.loads(writer.output())
    program = Program(
        title="Pulumi with mocks",
        python=python,
        arguments=["-O", str(file)],
        variables=variables,
    )
    return program, replaced


def pulumi_made(program: Program) -> int:
    """Run it; how many resources its mocks made."""
    return int(program.output())


def cdk(
    rendered: Path, folder: Path, python: Path, variables: dict[str, str], *, typed: bool
) -> Program:
    """AWS CDK's program in its cheapest form, or as it comes: with typed classes' modules and its checks."""
    file = folder / f"cdk_program_{'typed' if typed else 'plain'}.py"
    text = cdk_program.program(resources(rendered), objects(rendered), typed=typed)
    file.write_text(text, encoding="utf-8")
    return Program(
        title=f"AWS CDK, {'typed modules imported, templates checked' if typed else 'cheapest form'}",
        python=python,
        arguments=["-O", str(file), str(file.with_suffix(".out"))],
        variables={
            **variables,
            "JSII_NODE": str(use_bundled_node()),
            **({} if typed else cdk_program.NO_VALIDATION),
        },
    )


def cdk_made(program: Program) -> int:
    """Run it; how many resources its templates have."""
    program.output()
    return sum(
        len(json.loads(file.read_text(encoding="utf-8"))["Resources"])
        for file in Path(program.arguments[-1]).glob("*.template.json")
    )
