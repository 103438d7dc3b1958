"""Whether the chart repositories have the versions that the rendered Applications name."""

import http.client
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import yaml

from environments.catalog import Chart

_CONNECT_SECONDS = 20  # also the longest silence
_INDEX_SECONDS = 120  # prometheus-community's has some 15 MB
_HOW_TO = "correct it in environments/catalog.py, and run `make render`"


class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


@dataclass
class _Limited:
    """A response that must be read in time."""

    response: _Readable
    deadline: float = field(default_factory=lambda: time.monotonic() + _INDEX_SECONDS)

    def read(self, size: int = -1, /) -> bytes:
        if time.monotonic() > self.deadline:
            raise TimeoutError(f"not read whole after {_INDEX_SECONDS} seconds")
        return self.response.read(size)


def problems(charts: Sequence[Chart]) -> Iterator[str]:
    """Each chart that its repository lacks, and each repository that cannot be read."""
    wanted: dict[str, set[Chart]] = defaultdict(set)
    for chart in charts:
        wanted[chart.repository_url].add(chart)
    for repository, pinned in sorted(wanted.items()):
        address = f"{repository.rstrip('/')}/index.yaml"
        missing = {(chart.name, chart.version) for chart in pinned}
        try:
            with urllib.request.urlopen(address, timeout=_CONNECT_SECONDS) as response:
                for found in versions(_Limited(response)):
                    missing.discard(found)
                    if not missing:
                        break  # the rest need not be read
        except (OSError, http.client.HTTPException, yaml.YAMLError) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            yield (
                f"{address} cannot be read: {reason}. Argo CD needs it for "
                f"{', '.join(sorted(chart.name for chart in pinned))}; try again, or check the network"
            )
            continue
        for name, version in sorted(missing):
            yield f"{repository} has no {name} {version}; {_HOW_TO}"


def versions(index: _Readable) -> Iterator[tuple[str, str]]:
    """Each chart and version of a repository's index, one by one while it is read."""
    path: list[str | None] = []  # the keys above the current value; None in a list
    expects_key: list[bool] = []
    for event in yaml.parse(index, Loader=yaml.CSafeLoader):
        match event:
            case yaml.ScalarEvent() if expects_key and expects_key[-1]:
                path[-1] = event.value
                expects_key[-1] = False
                continue
            case yaml.ScalarEvent():
                match path:
                    case ["entries", str(chart), None, "version"]:
                        yield chart, event.value
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                path.append(None)
                expects_key.append(isinstance(event, yaml.MappingStartEvent))
                continue
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                path.pop()
                expects_key.pop()
            case _:
                continue
        if path and path[-1] is not None:  # a value of a mapping has ended
            expects_key[-1] = True
