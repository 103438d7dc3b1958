"""The same bursts with other values of the autoscaler: what the environment's values are chosen from."""

import dataclasses
from collections.abc import Callable, Iterator

from evalctl.simulation.assumptions import Assumptions
from evalctl.simulation.autoscaler_spec import Direction, Policy
from evalctl.simulation.settings import Settings
from evalctl.simulation.simulation import Burst, Outcome, simulate, without_queue

BURSTS = (
    Burst(jobs=50),
    Burst(jobs=200),
    Burst(jobs=500),
    Burst(jobs=600, over_seconds=1_800),
)

# At most doubles, or two more, in a minute, and only after a minute of load.
_CAREFUL = Direction(
    window_seconds=60,
    policies=(
        Policy(type="Percent", value=100, period_seconds=60),
        Policy(type="Pods", value=2, period_seconds=60),
    ),
)


def variants(settings: Settings) -> dict[str, Settings]:
    """Names, with what differs from what is rendered."""
    rendered = settings.autoscaler
    unlimited = Direction(
        window_seconds=0,
        policies=(Policy(type="Pods", value=rendered.max_replicas, period_seconds=15),),
    )

    def with_spec(
        *, up: Direction = rendered.up, jobs: int | None = rendered.unfinished_jobs_per_replica
    ) -> Settings:
        spec = dataclasses.replace(rendered, up=up, unfinished_jobs_per_replica=jobs)
        return dataclasses.replace(settings, autoscaler=spec)

    return {
        "as rendered": settings,
        "by CPU only": without_queue(settings),
        "a window of 60 s, doubles in a minute": with_spec(up=_CAREFUL),
        "to the maximum at once": with_spec(up=unlimited),
        "only waiting jobs are counted": dataclasses.replace(settings, count_running=False),
        **{f"{jobs} jobs for each worker": with_spec(jobs=jobs) for jobs in (4, 6, 10)},
        **{
            f"{jobs} at once in a worker": dataclasses.replace(settings, job_concurrency=jobs)
            for jobs in (1, 2, 8)
        },
    }


def outcomes(
    settings: Settings,
    *,
    seed: int,
    assumed: Assumptions,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[tuple[str, list[Outcome]]]:
    """Each variant's outcomes, one for each burst; `progress` gets the number of bursts that are done.

    Raises:
        NotDrainedError: the workers of a variant cannot drain the queue.
    """
    done = 0
    for name, variant in variants(settings).items():
        found = []
        for burst in BURSTS:
            found.append(simulate(variant, dataclasses.replace(burst, seed=seed), assumed=assumed))
            done += 1
            progress(done)
        yield name, found
