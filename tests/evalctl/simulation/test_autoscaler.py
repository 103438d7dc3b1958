"""The model decides as the Kubernetes documentation describes it.

"Horizontal Pod Autoscaling" (kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale, read 2026-11-28):
"Algorithm details", "Scaling policies", "Stabilization window" and "Default behavior".
"""

import pytest

from evalctl.simulation.autoscaler import (
    SYNC_SECONDS,
    Autoscaler,
    Observed,
    by_average_value,
    by_utilization,
)
from evalctl.simulation.autoscaler_spec import AutoscalerSpec, Direction, Policy

NO_LIMIT = (Policy(type="Percent", value=1000, period_seconds=15),)
AT_ONCE = Direction(window_seconds=0, policies=NO_LIMIT)
ALL_AT_ONCE = Direction(
    window_seconds=0, policies=(Policy(type="Percent", value=100, period_seconds=15),)
)


def spec(*, up: Direction = AT_ONCE, down: Direction = ALL_AT_ONCE) -> AutoscalerSpec:
    """An autoscaler that wants one pod for each waiting job."""
    return AutoscalerSpec(
        min_replicas=1,
        max_replicas=200,
        unfinished_jobs_per_replica=1,
        cpu_percent=None,
        up=up,
        down=down,
    )


def follow(autoscaler: Autoscaler, replicas: int, jobs: list[int]) -> list[int]:
    """The number of pods after each sync, for the jobs that wait at it."""
    found = []
    for number, waiting in enumerate(jobs):
        observed = Observed(replicas=replicas, waiting_jobs=waiting)
        replicas = autoscaler.decide(number * SYNC_SECONDS, observed)
        found.append(replicas)
    return found


@pytest.mark.parametrize(
    ("percent", "target", "wanted"),
    [
        # 200m with a target of 100m: twice as many; 50m: half.
        ([200.0], 100, 2),
        ([200.0, 200.0], 100, 4),
        ([50.0, 50.0], 100, 1),
        # A ratio within 10 % of 1 changes nothing.
        ([109.0, 109.0], 100, 2),
        ([91.0, 91.0], 100, 2),
        ([111.0, 111.0], 100, 3),
    ],
)
def test_the_number_grows_with_the_ratio_of_use_and_target(
    percent: list[float], target: int, wanted: int
) -> None:
    """desiredReplicas = ceil(currentReplicas x currentMetricValue / desiredMetricValue)."""
    assert by_utilization(len(percent), percent, target, unready=0) == wanted


def test_pods_that_are_not_ready_dampen_a_scale_up() -> None:
    """They count as using nothing, upwards; the direction is never reversed."""
    assert by_utilization(2, [200.0], 100, unready=1) == 2
    assert by_utilization(2, [300.0], 100, unready=1) == 3
    assert by_utilization(4, [120.0], 100, unready=3) == 4


def test_pods_that_are_not_ready_do_not_count_downwards() -> None:
    assert by_utilization(4, [50.0, 50.0], 100, unready=2) == 1


def test_an_average_over_all_pods_is_a_share_of_the_total() -> None:
    assert by_average_value(2, 10_000, 5) == 2_000
    assert by_average_value(20, 52, 5) == 11
    assert by_average_value(20, 91, 5) == 20


def test_of_several_metrics_the_largest_number_is_taken() -> None:
    both = AutoscalerSpec(
        min_replicas=1,
        max_replicas=50,
        unfinished_jobs_per_replica=5,
        cpu_percent=80,
        up=AT_ONCE,
        down=ALL_AT_ONCE,
    )
    busy, idle = [160.0, 160.0], [1.0, 1.0]
    assert Autoscaler(both).recommended(Observed(replicas=2, waiting_jobs=5, cpu_percent=busy)) == 4
    assert (
        Autoscaler(both).recommended(Observed(replicas=2, waiting_jobs=50, cpu_percent=idle)) == 10
    )


def test_without_one_metric_the_number_grows_by_the_other_and_never_falls() -> None:
    both = AutoscalerSpec(
        min_replicas=1,
        max_replicas=50,
        unfinished_jobs_per_replica=5,
        cpu_percent=80,
        up=AT_ONCE,
        down=ALL_AT_ONCE,
    )
    assert Autoscaler(both).recommended(Observed(replicas=4, waiting_jobs=5)) == 4
    assert Autoscaler(both).recommended(Observed(replicas=4, waiting_jobs=50)) == 10
    assert Autoscaler(both).recommended(Observed(replicas=4, cpu_percent=[160.0] * 4)) == 8


def test_the_policies_example_falls_by_a_tenth_and_then_by_four_pods() -> None:
    """From 80 pods to 10 with 4 pods or 10 % a minute: 8, then 10 % of 72, rounded up to 8, and so on."""
    down = Direction(
        window_seconds=0,
        policies=(
            Policy(type="Pods", value=4, period_seconds=60),
            Policy(type="Percent", value=10, period_seconds=60),
        ),
    )
    found = follow(Autoscaler(spec(down=down)), 80, [10] * 81)
    each_minute = found[::4]
    assert each_minute[:4] == [72, 64, 57, 51]
    # 4 pods are more than 10 % from 40 pods on.
    assert [count for count in each_minute if 20 <= count < 40] == [36, 32, 28, 24, 20]
    assert found[-1] == 10


def test_the_largest_number_of_the_last_five_minutes_holds() -> None:
    """A stabilization window of 300 s downwards: the highest recommendation of the window is taken."""
    down = Direction(window_seconds=300, policies=ALL_AT_ONCE.policies)
    found = follow(Autoscaler(spec(down=down)), 10, [10, 4, *[2] * 25])
    assert found[:21] == [10] * 20 + [4]
    assert found[21] == 2


def test_the_default_behavior_upwards_doubles_or_adds_four_each_fifteen_seconds() -> None:
    up = Direction(
        window_seconds=0,
        policies=(
            Policy(type="Percent", value=100, period_seconds=15),
            Policy(type="Pods", value=4, period_seconds=15),
        ),
    )
    assert follow(Autoscaler(spec(up=up)), 1, [100] * 6) == [5, 10, 20, 40, 80, 100]


def test_a_window_upwards_waits_until_the_load_has_lasted() -> None:
    up = Direction(window_seconds=60, policies=NO_LIMIT)
    assert follow(Autoscaler(spec(up=up)), 1, [1, *[9] * 6]) == [1, 1, 1, 1, 9, 9, 9]


def test_a_policy_counts_what_its_period_already_changed() -> None:
    up = Direction(window_seconds=0, policies=(Policy(type="Pods", value=4, period_seconds=60),))
    assert follow(Autoscaler(spec(up=up)), 1, [100] * 6) == [5, 5, 5, 5, 9, 9]


def test_the_bounds_hold_whatever_the_metric_is() -> None:
    assert follow(Autoscaler(spec()), 50, [9_999] * 3)[-1] == 200
    assert follow(Autoscaler(spec()), 50, [0] * 3)[-1] == 1
