"""A real Prometheus on this machine, filled with invented measurements and our recorded rules.

Needs `prometheus` and `promtool` on the PATH.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from dashboards.alerting.recording_rules import recording_rules
from environments.spec import Environment
from evalctl.board_pages.series import History, Labels, openmetrics
from evalctl.board_pages.synthetic import invented
from evalctl.processes import output
from evalctl.servers import free_port, is_healthy, running

# As long as Prometheus ever makes one; by default promtool would make a block for every two hours.
_BLOCK = "1458h"
_FOR_EVER = "100y"


class _One(TypedDict, total=False):
    metric: Labels
    value: tuple[float, str]  # of a query at one time
    values: list[tuple[float, str]]  # of a query over a range


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One series of an answer: its labels, and (time, value) pairs."""

    labels: Labels
    points: tuple[tuple[float, float], ...]

    @property
    def value(self) -> float:
        """The last one."""
        return self.points[-1][1]


@dataclass(frozen=True, kw_only=True)
class Prometheus:
    """Where it answers."""

    address: str

    def query(self, expr: str, *, at: float) -> list[Answer]:
        found = self._ask("query", {"query": expr, "time": str(at)})
        return [Answer(labels=one["metric"], points=(_point(one["value"]),)) for one in found]

    def query_range(self, expr: str, *, start: int, end: int, step: int) -> list[Answer]:
        times = {"start": str(start), "end": str(end), "step": str(step)}
        return [
            Answer(labels=one["metric"], points=tuple(map(_point, one["values"])))
            for one in self._ask("query_range", {"query": expr} | times)
        ]

    def _ask(self, what: str, parameters: dict[str, str]) -> list[_One]:
        data = urllib.parse.urlencode(parameters).encode()
        try:
            with urllib.request.urlopen(f"{self.address}/api/v1/{what}", data=data) as response:
                found: list[_One] = json.load(response)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise ValueError(f"{parameters['query']}: {error.read().decode()}") from error
        return found


@contextmanager
def filled(env: Environment, history: History, folder: Path) -> Iterator[Prometheus]:
    """A Prometheus whose past is the invented history, with our recording rules evaluated over it."""
    data = folder / "data"
    add_blocks(openmetrics(invented(env, history), history.times()), data)
    with serving(data, folder=folder, lookback_seconds=history.coarse_step) as prometheus:
        recorded = list(_recorded(prometheus, history))
    add_blocks(recorded, data)
    with serving(data, folder=folder, lookback_seconds=history.coarse_step) as prometheus:
        yield prometheus


def add_blocks(lines: Iterable[str], data: Path) -> None:
    """Put samples (OpenMetrics text) into a data folder that no Prometheus uses at the moment."""
    data.mkdir(parents=True, exist_ok=True)
    text = data.parent / "samples.om"
    with text.open("w", encoding="utf-8") as file:
        file.writelines(lines)
    create = ("promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet")
    output((*create, f"--max-block-duration={_BLOCK}", str(text), str(data)), seconds=None)
    text.unlink()


@contextmanager
def serving(
    data: Path,
    *,
    folder: Path,
    lookback_seconds: int = 300,
    configuration: str = "{}\n",
    flags: tuple[str, ...] = (),
) -> Iterator[Prometheus]:
    """A Prometheus on the loopback interface, over a data folder."""
    settings = folder / "prometheus.yml"
    settings.write_text(configuration, encoding="utf-8")
    listen = f"127.0.0.1:{free_port()}"
    address = f"http://{listen}"
    with running(
        "prometheus",
        f"--config.file={settings}",
        f"--storage.tsdb.path={data}",
        f"--storage.tsdb.retention.time={_FOR_EVER}",
        f"--web.listen-address={listen}",
        f"--query.lookback-delta={lookback_seconds}s",
        *flags,
        log=folder / "prometheus.log",
        ready=lambda: is_healthy(f"{address}/-/ready"),
    ):
        yield Prometheus(address=address)


def _recorded(prometheus: Prometheus, history: History) -> Iterator[str]:
    """What our recording rules would have written, at the history's own steps."""
    first, last = history.start, history.end
    fine_from = last - history.fine_hours * 3_600
    spans = (
        (first, fine_from - history.coarse_step, history.coarse_step),
        (fine_from, last, history.fine_step),
    )
    for rule in recording_rules():
        for start, end, step in spans:
            for answer in prometheus.query_range(rule.expr, start=start, end=end, step=step):
                labels = ",".join(f'{name}="{value}"' for name, value in answer.labels.items())
                for time, value in answer.points:
                    yield f"{rule.name}{{{labels}}} {value} {time:.0f}\n"
    yield "# EOF\n"


def _point(pair: tuple[float, str]) -> tuple[float, float]:
    time, value = pair
    return time, float(value)
