"""The order of the first sync: each part comes after everything that it needs."""

from environments.names import Addon, App

# Each line is one wave: CRDs, then operators, then their custom resources, then what uses those.
# Parts that only observe the platform come last, so that a broken dashboard does not delay an
# evaluation. Prometheus comes before the workers: their autoscaler gets the queue's length from it. Argo
# CD reports an autoscaler without its metric as Degraded (since 3.5, argoproj/argo-cd#26274), and a sync
# stops at a degraded wave. If the workers came first, Prometheus would never be synced.
ORDER: tuple[tuple[App | Addon, ...], ...] = (
    (App.FOUNDATION, Addon.PROMETHEUS_CRDS),
    (
        Addon.EXTERNAL_SECRETS,
        Addon.LOAD_BALANCER_CONTROLLER,
        Addon.CLUSTER_AUTOSCALER,
        Addon.METRICS_SERVER,
    ),
    (App.NAMESPACE,),
    (App.SECRETS,),
    (App.DATABASE_USERS,),
    (App.CLICKHOUSE_SCHEMA,),
    (App.ORCHESTRATOR,),
    (App.MONITORING,),
    (Addon.PROMETHEUS_STACK,),
    (Addon.PROMETHEUS_ADAPTER, Addon.REDIS_EXPORTER),
    (App.WORKER,),
    (Addon.CLOUDWATCH_EXPORTER,),
)

# Argo CD itself, with the first wave: an upgrade of it comes before what may need it.
FIRST = 0
# Rules, routes and boards, with the last wave: the programs that read them start without them.
DASHBOARDS = len(ORDER) - 1
# The root Application is healthy only when all others are, so nothing may wait for it.
LAST = len(ORDER)


def wave_of(part: App | Addon) -> int:
    return next(wave for wave, parts in enumerate(ORDER) if part in parts)
