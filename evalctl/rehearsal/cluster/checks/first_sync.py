"""Whether the first sync came through at once, in order and in time, and whether it stays so."""

import asyncio
import time
from collections.abc import Sequence
from itertools import pairwise

from evalctl.rehearsal.cluster import applications
from evalctl.rehearsal.cluster.applications import ApplicationState, Watched
from evalctl.rehearsal.cluster.checks import sync
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.result import Result, result

_ROUND_SECONDS = 1


def check(watched: Watched, *, limit_seconds: float) -> Sequence[Result]:
    """The results of a first sync that has ended."""
    states = watched.states.values()
    took = max(watched.settled_after.values())
    return [
        result(
            "every Application is Synced and Healthy, wave by wave",
            _out_of_order(watched),
            f"{len(states)} Applications in {len({state.wave for state in states})} waves",
        ),
        result(
            "no attempt of the first sync failed",
            list(watched.failed_attempts),
            f"{len(states)} Applications, each with one attempt",
        ),
        result(
            f"the first sync takes at most {limit_seconds:.0f} s",
            [] if took <= limit_seconds else [f"it took {took:.0f} s; {_slowest(watched)}"],
            f"{took:.0f} s; {_slowest(watched)}",
        ),
    ]


async def second_sync(cluster: Cluster) -> Result:
    """Compare everything with Git again; nothing may be out of sync, and nothing may be synced again."""
    name = "a second sync changes nothing"
    before = await applications.read(cluster.client)
    finished = {each: state.finished for each, state in before.items()}
    if pending := await sync.compare(cluster, how="hard"):
        return result(name, pending, "")
    after = await applications.read(cluster.client)
    problems = [
        f"{each} is {state.sync} and {state.health}: {state.message}"
        for each, state in after.items()
        if not state.settled
    ] + [
        f"{each} was synced again"
        for each, state in after.items()
        if state.finished != finished.get(each)
    ]
    return result(
        name,
        problems,
        f"{len(after)} Applications compared with Git again, none was out of sync",
    )


async def flapping(cluster: Cluster, *, seconds: float) -> Result:
    """Watch for a while; an Application that leaves Synced or Healthy flaps."""
    problems: list[str] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for state in (await applications.read(cluster.client)).values():
            if not state.settled:
                problems.append(
                    f"{state.name} became {state.sync} and {state.health}: {state.message}"
                )
        await asyncio.sleep(_ROUND_SECONDS)
    return result(
        f"nothing flaps for {seconds:.0f} s",
        problems,
        "every Application stayed Synced and Healthy",
    )


def _out_of_order(watched: Watched) -> list[str]:
    """Applications that settled before one of an earlier wave."""
    by_wave: dict[int, list[ApplicationState]] = {}
    for state in watched.states.values():
        by_wave.setdefault(state.wave, []).append(state)
    after = watched.settled_after
    found = []
    for earlier, later in pairwise(sorted(by_wave)):
        last = max(by_wave[earlier], key=lambda state: after[state.name])
        found += [
            f"{state.name} of wave {later} was ready before {last.name} of wave {earlier}"
            for state in by_wave[later]
            if after[state.name] < after[last.name]
        ]
    return found


def _slowest(watched: Watched) -> str:
    """The two waves that took longest."""
    ends: dict[int, float] = {}
    for name, after in watched.settled_after.items():
        wave = watched.states[name].wave
        ends[wave] = max(after, ends.get(wave, 0))
    waves = sorted(ends)
    took = {waves[0]: ends[waves[0]]} | {
        later: ends[later] - ends[earlier] for earlier, later in pairwise(waves)
    }
    longest = sorted(took, key=lambda wave: took[wave], reverse=True)[:2]
    return "longest " + ", ".join(f"wave {wave} with {took[wave]:.0f} s" for wave in longest)
