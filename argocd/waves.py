"""The order of the first sync: nothing comes before what it needs."""

from environments.names import Addon, App

# Each line is one wave: CRDs, then operators, then what they act on, then what uses that. What only
# watches the platform comes last, so that a broken dashboard does not hold up an evaluation. Prometheus
# does not only watch: the workers' autoscaler asks it for the queue's length, and Argo CD calls an
# autoscaler without its metric Degraded (since 3.5, argoproj/argo-cd#26274), at which a sync stops. Were
# the workers first, the part that they lack would never come.
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

# Argo CD itself, beside the first: an upgrade of it comes before what may need it.
FIRST = 0
# Rules, routes and boards, beside the last: what reads them starts without them.
DASHBOARDS = len(ORDER) - 1
# The root Application is healthy only when all others are, and would wait for itself.
LAST = len(ORDER)


def wave_of(part: App | Addon) -> int:
    return next(wave for wave, parts in enumerate(ORDER) if part in parts)
