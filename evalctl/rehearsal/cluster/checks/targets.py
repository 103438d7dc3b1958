"""The targets that Prometheus must discover: of each job, of each app that a monitor names, of each board."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict

from lightkube.generic_resource import GenericNamespacedResource as Found

from evalctl.rehearsal.cluster.state import full_name

# As a board's query has it; it is JSON, where a quote has a backslash before it.
_JOB = re.compile(r'job=\\?"([\w-]+)')


class Target(TypedDict):
    """The part of Prometheus' answer to `/api/v1/targets` that is read here."""

    scrapePool: str
    discoveredLabels: dict[str, str]
    labels: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """At least one target must be like this."""

    name: str  # what has no target otherwise
    pool: str = ""  # the beginning of its job's name
    discovered: tuple[str, str] | None = None  # a label before Prometheus relabels
    job: str | None = None  # the label `job`, which boards select by

    def fits(self, target: Target) -> bool:
        return (
            f"{target['scrapePool']}/".startswith(f"{self.pool}/" if self.pool else "")
            and (self.discovered is None or self.discovered in target["discoveredLabels"].items())
            and self.job in (None, target["labels"].get("job"))
        )


def of_job(job: str) -> Wanted:
    """A job of the configuration has a target."""
    return Wanted(name=job, pool=job)


def of_monitor(prefix: str, monitor: Found) -> Iterator[Wanted]:
    """Each value that a monitor's selector lists: one target for the job would hide that another is lost."""
    pool = f"{prefix}/{full_name(monitor)}"
    of = {"podMonitor": "pod", "serviceMonitor": "service"}.get(prefix)
    expressions = monitor["spec"].get("selector", {}).get("matchExpressions", []) if of else []
    for expression in expressions:
        if expression["operator"] == "In":
            label = re.sub(r"[^A-Za-z0-9_]", "_", expression["key"])
            for value in expression["values"]:
                yield Wanted(
                    name=f"{value} in {pool}",
                    pool=pool,
                    discovered=(f"__meta_kubernetes_{of}_label_{label}", value),
                )


def of_boards(boards: Iterable[Mapping[str, str]]) -> Iterator[Wanted]:
    """Each job by whose name a board selects, whatever the monitors select."""
    for job in sorted(
        {job for board in boards for text in board.values() for job in _JOB.findall(text)}
    ):
        yield Wanted(name=f"job {job} of a board", job=job)


def problems(wanted: Iterable[Wanted], without: Iterable[Wanted]) -> list[str]:
    """What has no target, in words; boards that name no job were not read."""
    found = [f"{each.name} has no target" for each in without]
    if not any(each.job for each in wanted):
        found.append("no board of the platform names a job")
    return found


def missing(wanted: Iterable[Wanted], targets: Iterable[Target]) -> list[Wanted]:
    """What no target fits."""
    found = list(targets)
    return [each for each in wanted if not any(map(each.fits, found))]
