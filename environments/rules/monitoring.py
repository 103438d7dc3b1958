"""Prometheus and Alertmanager."""

from collections.abc import Iterator

from environments.rules.values import compute_problems, value_at
from environments.spec import Environment, Tier

# A day of metrics. This platform's take 0.7 GiB: 100,000 series every 30 s, a third of them every 10 s,
# at 1.5 bytes a sample (Prometheus manual, "Storage": 1 to 2).
_PROMETHEUS_GIB_PER_DAY = 1


def problems(env: Environment) -> Iterator[str]:
    monitoring = env.monitoring
    yield from compute_problems("monitoring.prometheus_compute", monitoring.prometheus_compute)
    needed = monitoring.prometheus_retention_days * _PROMETHEUS_GIB_PER_DAY
    if monitoring.prometheus_retention_gib < needed:
        yield (
            f"monitoring.prometheus_storage_gib: {monitoring.prometheus_storage_gib} GiB fill up before "
            f"{monitoring.prometheus_retention_days} days have passed; use at least {-(-needed * 5 // 4)}"
        )
    least = 2 if env.tier is Tier.PRODUCTION else 1
    for field in ("monitoring.prometheus_replicas", "monitoring.alertmanager_replicas"):
        if value_at(env, field) < least:
            yield (
                f"{field}: {value_at(env, field)}; the {env.tier} tier runs at least {least}, so that a "
                "node's loss silences no alert"
                if least > 1
                else f"{field}: {value_at(env, field)}; use at least 1"
            )
