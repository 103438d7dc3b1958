"""A real Prometheus on this machine, filled with synthetic series and the recording rules' results.

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

from dashboards.boards.recording_rules import recording_rules
from environments.spec import Environment
from evalctl.board_pages.series import History, Labels, openmetrics
from evalctl.board_pages.synthetic import synthetic_series
from evalctl.processes import output
from evalctl.servers import free_port, is_healthy, running

# The longest block that Prometheus creates; promtool's default is a block for every two hours.
_BLOCK = "1458h"
_RETENTION = "100y"


class _ApiSeries(TypedDict, total=False):
    metric: Labels
    value: tuple[float, str]  # of an instant query
    values: list[tuple[float, str]]  # of a range query


@dataclass(frozen=True, kw_only=True)
class ResultSeries:
    """One series of a query's result: its labels, and (time, value) pairs."""

    labels: Labels
    points: tuple[tuple[float, float], ...]

    @property
    def value(self) -> float:
        """The last value."""
        return self.points[-1][1]


@dataclass(frozen=True, kw_only=True)
class Prometheus:
    """A client of Prometheus' HTTP API."""

    address: str

    def query(self, expr: str, *, at: float) -> list[ResultSeries]:
        result = self._request("query", {"query": expr, "time": str(at)})
        return [
            ResultSeries(labels=series["metric"], points=(_point(series["value"]),))
            for series in result
        ]

    def query_range(self, expr: str, *, start: int, end: int, step: int) -> list[ResultSeries]:
        times = {"start": str(start), "end": str(end), "step": str(step)}
        return [
            ResultSeries(labels=series["metric"], points=tuple(map(_point, series["values"])))
            for series in self._request("query_range", {"query": expr} | times)
        ]

    def _request(self, endpoint: str, parameters: dict[str, str]) -> list[_ApiSeries]:
        data = urllib.parse.urlencode(parameters).encode()
        try:
            with urllib.request.urlopen(f"{self.address}/api/v1/{endpoint}", data=data) as response:
                result: list[_ApiSeries] = json.load(response)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise ValueError(f"{parameters['query']}: {error.read().decode()}") from error
        return result


@contextmanager
def filled(env: Environment, history: History, folder: Path) -> Iterator[Prometheus]:
    """A Prometheus with the synthetic history and the recording rules evaluated over it."""
    data = folder / "data"
    add_blocks(openmetrics(synthetic_series(env, history), history.times()), data)
    with serving(data, folder=folder, lookback_seconds=history.coarse_step) as prometheus:
        recorded = list(_recorded(prometheus, history))
    add_blocks(recorded, data)
    with serving(data, folder=folder, lookback_seconds=history.coarse_step) as prometheus:
        yield prometheus


def add_blocks(lines: Iterable[str], data: Path) -> None:
    """Add samples (OpenMetrics text) to a data folder that no running Prometheus uses."""
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
    """A running Prometheus on the loopback interface, with a data folder."""
    settings = folder / "prometheus.yml"
    settings.write_text(configuration, encoding="utf-8")
    listen = f"127.0.0.1:{free_port()}"
    address = f"http://{listen}"
    with running(
        "prometheus",
        f"--config.file={settings}",
        f"--storage.tsdb.path={data}",
        f"--storage.tsdb.retention.time={_RETENTION}",
        f"--web.listen-address={listen}",
        f"--query.lookback-delta={lookback_seconds}s",
        *flags,
        log=folder / "prometheus.log",
        ready=lambda: is_healthy(f"{address}/-/ready"),
    ):
        yield Prometheus(address=address)


def _recorded(prometheus: Prometheus, history: History) -> Iterator[str]:
    """The results of the recording rules as OpenMetrics text, at the history's own steps."""
    first, last = history.start, history.end
    fine_from = last - history.fine_hours * 3_600
    spans = (
        (first, fine_from - history.coarse_step, history.coarse_step),
        (fine_from, last, history.fine_step),
    )
    for rule in recording_rules():
        for start, end, step in spans:
            for series in prometheus.query_range(rule.expr, start=start, end=end, step=step):
                labels = ",".join(f'{name}="{value}"' for name, value in series.labels.items())
                for time, value in series.points:
                    yield f"{rule.name}{{{labels}}} {value} {time:.0f}\n"
    yield "# EOF\n"


def _point(pair: tuple[float, str]) -> tuple[float, float]:
    time, value = pair
    return time, float(value)
