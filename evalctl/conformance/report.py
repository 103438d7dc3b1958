"""Prints a conformance run, and keeps it for the table and the JSON at its end."""

import json
import time
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.table import Table

from evalctl.conformance.check import Result, Subject


@dataclass
class Report:
    """What was checked so far."""

    console: Console
    subject: Subject
    environment: str
    factor: int
    started: float = field(default_factory=time.monotonic)
    results: list[Result] = field(default_factory=list)

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.results if not result.passed]

    def note(self, line: str) -> None:
        self.line(f"instead of a pod's: {line}")

    def line(self, text: str, style: str | None = None) -> None:
        self.console.print(f"  {text}", style=style, highlight=False, markup=False, soft_wrap=True)

    def result(self, result: Result) -> None:
        self.results.append(result)
        word, style = ("passed", "green") if result.passed else ("FAILED", "red")
        self.line(f"{word}  {result.check} ({result.seconds:.1f} s): {result.evidence}", style)

    def json(self) -> str:
        """The results for other programs."""
        return json.dumps(
            {
                "subject": self.subject,
                "environment": self.environment,
                "times_divided_by": self.factor,
                "passed": not self.failed,
                "seconds": round(time.monotonic() - self.started, 1),
                "checks": [asdict(result) for result in self.results],
            },
            indent=2,
        )

    def table(self) -> Table:
        table = Table(title=f"{self.subject} of {self.environment}", show_edge=False)
        for column in ("check", "", "s", "evidence"):
            table.add_column(column, justify="right" if column == "s" else "left")
        for result in self.results:
            table.add_row(
                result.check,
                "passed" if result.passed else "FAILED",
                f"{result.seconds:.1f}",
                result.evidence.partition("\n")[0],
            )
        return table
