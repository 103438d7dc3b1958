"""What the simulation of a burst shows, and that it adds up."""

import dataclasses
import time

import pytest

from environments.names import Names
from environments.prod import PROD
from evalctl.simulation import simulation
from evalctl.simulation.assumptions import Assumptions
from evalctl.simulation.autoscaler_spec import UnreadableAutoscalerError, parsed
from evalctl.simulation.settings import Settings, read
from evalctl.simulation.simulation import (
    Burst,
    NotDrainedError,
    Outcome,
    simulate,
    without_queue,
)
from tests.support.paths import ROOT

CALM = Assumptions(reclaims_per_node_hour=0, failed_calls=0, spread=0)


@pytest.fixture(scope="module")
def production() -> Settings:
    """With one job at once in a worker, so that times can be computed."""
    return dataclasses.replace(read(Names(PROD), checkout=ROOT), job_concurrency=1)


def test_the_settings_are_those_that_are_rendered() -> None:
    settings = read(Names(PROD), checkout=ROOT)
    assert settings.job_concurrency == PROD.worker.job_concurrency
    assert settings.autoscaler.max_replicas == PROD.worker.max_replicas
    assert settings.rules.tokens_per_minute == PROD.worker.llm_tokens_per_minute
    assert settings.count_running


def test_a_steady_load_waits_longer_if_jobs_that_run_are_not_counted() -> None:
    settings = read(Names(PROD), checkout=ROOT)
    steady = Burst(jobs=600, over_seconds=1_800)
    counted, ignored = (
        simulate(dataclasses.replace(settings, count_running=count), steady, assumed=CALM)
        for count in (True, False)
    )
    assert counted.longest_wait_seconds < 0.8 * ignored.longest_wait_seconds


def run(settings: Settings, jobs: int, assumed: Assumptions = CALM, *, seed: int = 1) -> Outcome:
    return simulate(settings, Burst(jobs=jobs, seed=seed), assumed=assumed)


def test_ten_thousand_jobs_take_seconds_to_simulate(production: Settings) -> None:
    started = time.process_time()
    outcome = run(production, 10_000)
    assert time.process_time() - started < 30
    assert outcome.most_workers == PROD.worker.max_replicas
    assert outcome.most_nodes == PROD.cluster.workers_spot.max_size


def test_the_same_seed_gives_the_same_outcome_and_another_seed_another(
    production: Settings,
) -> None:
    first, again, other = (run(production, 100, Assumptions(), seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_full_platform_is_as_fast_as_its_workers(production: Settings) -> None:
    """Each of 20 workers takes one job after the other; a job is an answer and seven calls."""
    seconds = CALM.agent_seconds + CALM.calls_per_job * CALM.call_seconds
    outcome = run(production, 2_000)
    ideal = 2_000 / PROD.worker.max_replicas * seconds
    assert ideal < outcome.drained_seconds < ideal + 240


def test_the_providers_tokens_are_the_limit_of_workers_with_many_jobs_at_once(
    production: Settings,
) -> None:
    busy = dataclasses.replace(production, job_concurrency=8)
    tokens = CALM.calls_per_job * CALM.tokens_per_call
    outcome = run(busy, 2_000)
    a_minute = PROD.worker.max_replicas * production.rules.tokens_per_minute
    assert outcome.drained_seconds > 2_000 * tokens / a_minute * 60
    assert outcome.calls_refused == 0


def test_workers_that_ignore_their_share_are_refused_until_jobs_fail(
    production: Settings,
) -> None:
    greedy = dataclasses.replace(
        production,
        job_concurrency=8,
        rules=dataclasses.replace(
            production.rules, tokens_per_minute=10**9, requests_per_minute=10**6
        ),
    )
    outcome = run(greedy, 500)
    assert outcome.calls_refused > 500
    assert outcome.jobs_failed > 0


def test_a_job_whose_calls_all_fail_is_failed_and_not_lost(production: Settings) -> None:
    outcome = run(production, 20, dataclasses.replace(CALM, failed_calls=1.0))
    assert outcome.jobs_failed == 20


def test_by_cpu_alone_the_workers_stay_at_their_minimum(production: Settings) -> None:
    outcome = run(without_queue(production), 200)
    assert outcome.most_workers == PROD.worker.min_replicas
    assert outcome.drained_seconds > 3 * run(production, 200).drained_seconds


def test_by_cpu_alone_the_workers_grow_if_jobs_compute(production: Settings) -> None:
    computing = dataclasses.replace(CALM, cpu_millicores_per_job=2_000)
    assert run(without_queue(production), 500, computing).most_workers > 10


def test_a_reclaimed_node_returns_its_jobs_to_the_queue(production: Settings) -> None:
    """A job that is longer than the drain is run twice, and each is done once."""
    bad_day = dataclasses.replace(CALM, reclaims_per_node_hour=5, agent_seconds=300)
    outcome = run(production, 200, bad_day)
    assert outcome.reclaimed_nodes > 0
    assert outcome.jobs_run_twice > 0
    calm = run(production, 200, dataclasses.replace(bad_day, reclaims_per_node_hour=0))
    assert outcome.jobs_run_twice > calm.jobs_run_twice + 5
    assert outcome.drained_seconds > calm.drained_seconds


def test_a_job_that_the_drain_outlasts_is_not_run_twice(production: Settings) -> None:
    bad_day = dataclasses.replace(CALM, reclaims_per_node_hour=5)
    outcome = run(production, 500, bad_day)
    assert outcome.reclaimed_nodes > 0
    assert outcome.jobs_run_twice == 0


def test_a_worker_takes_two_minutes_to_start_on_a_new_node(production: Settings) -> None:
    """The two nodes of the minimum hold four workers; a fifth needs a node and the image."""
    outcome = run(production, 500)
    fifth = next(seconds for seconds, workers in outcome.workers if workers > 4)
    start = production.pool.start_seconds + CALM.image_pull_seconds + CALM.worker_start_seconds
    assert start < fifth < start + 75  # and the metric, the autoscaler and the next scan


def test_jobs_that_arrive_slowly_need_fewer_workers(production: Settings) -> None:
    slowly = Burst(jobs=200, over_seconds=3600)
    outcome = simulate(production, slowly, assumed=CALM)
    assert outcome.most_workers < 5
    assert outcome.longest_wait_seconds < 300
    assert outcome.drained_seconds > 3590


def test_the_dollars_are_those_of_the_nodes(production: Settings) -> None:
    outcome = run(production, 500)
    hours = (outcome.back_seconds + 60) / 3600
    assert outcome.usd is not None
    assert 2 * hours * 0.09 < outcome.usd < 10 * hours * 0.09


def test_a_queue_that_is_never_empty_ends_the_simulation(
    production: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "_MOST_SECONDS", 24 * 3600)
    with pytest.raises(NotDrainedError, match="20 of 20 jobs were not done after 1 days"):
        run(production, 20, dataclasses.replace(CALM, agent_seconds=10**6))


def test_an_autoscaler_of_another_form_is_refused() -> None:
    with pytest.raises(UnreadableAutoscalerError, match="Pods"):
        parsed({"minReplicas": 1, "maxReplicas": 2, "metrics": [{"type": "Pods"}], "behavior": {}})
