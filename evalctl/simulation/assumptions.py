"""Numbers of jobs, nodes and providers that no value of an environment has; each is an assumption, and is printed."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """Seconds, unless a name has another unit; random times are log-normal with these means."""

    # A job calls the agent, and then scores the answer with two metrics. DeepEval 4.3 calls the judge four times for
    # faithfulness (truths, claims, verdicts, reason) and three times for answer relevancy (statements, verdicts,
    # reason).
    agent_seconds: float = 4.0
    calls_per_job: int = 7
    call_seconds: float = 2.5
    spread: float = (
        0.6  # of both, the standard deviation of the logarithm: 95 of 100 take less than 2.2 means
    )
    # DeepEval's prompts have about 310 tokens (templates of 1,000 to 1,500 characters); a context with an answer
    # about 400; the judge answers with about 200.
    tokens_per_call: int = 900
    # Share of calls that a provider fails, besides those that exceed its limits.
    failed_calls: float = 0.003
    # A worker waits for answers; it computes little.
    cpu_millicores_idle: int = 30
    cpu_millicores_per_job: int = 60
    # The first pod of a node pulls an image of about 1 GB; the program is ready some seconds later.
    image_pull_seconds: float = 25.0
    worker_start_seconds: float = 8.0
    # The Spot Instance Advisor's worst class is "more than 20 % in a month", 0.0003 an hour; this is a bad day.
    reclaims_per_node_hour: float = 0.01
    # Between two of Prometheus' reads of the queue's length, and before metrics-server has a pod's CPU.
    cpu_metric_seconds: float = 15.0
    # cluster-autoscaler's defaults (FAQ.md, --scale-down-unneeded-time, --scale-down-utilization-threshold).
    unneeded_seconds: float = 600.0
    unneeded_below: float = 0.5
