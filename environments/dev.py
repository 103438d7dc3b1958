"""Development: the smallest and cheapest environment with the same parts as production.

`spec.py` describes every field. `evalctl render` checks the values and writes what follows from them.
"""

from environments.images import images_of
from environments.spec import (
    Account,
    Backup,
    CapacityType,
    ClickHouse,
    Cluster,
    Compute,
    Database,
    Environment,
    LlmCalls,
    Monitoring,
    Network,
    NodeGroup,
    Objectives,
    Orchestrator,
    Ownership,
    Queue,
    Repository,
    Storage,
    Tier,
    Worker,
)

DEV = Environment(
    name="dev",
    tier=Tier.DEVELOPMENT,
    promotes_from=None,
    account=Account(id="111111111111", region="eu-central-1", backup_copy_region=None),
    ownership=Ownership(
        owner="platform-team",
        cost_center="ai-evaluation",
        email="platform-team@example.com",
    ),
    repository=Repository(
        owner="example-org",
        name="ai-eval-platform",
        revision="main",
        deploy_environment="dev",
        oidc_subject="repo:example-org/ai-eval-platform",
    ),
    network=Network(
        vpc_cidr="10.10.0.0/16",
        zones=("eu-central-1a", "eu-central-1b"),
        nat_gateway_per_zone=False,
        interface_endpoints=(),
        flow_log_retention_days=14,
    ),
    cluster=Cluster(
        kubernetes_version="1.35",
        public_access_cidrs=("203.0.113.0/24",),
        private_access_cidrs=(),
        admin_role_names=("PlatformAdmin",),
        log_retention_days=14,
        general=NodeGroup(
            instance_types=("t3.large",),
            capacity_type=CapacityType.ON_DEMAND,
            min_size=1,
            desired_size=2,
            max_size=3,
            disk_gib=50,
            # One zone, the NAT gateway's: Prometheus' volume can be used in its own zone only, and with one
            # or two nodes in two zones that zone may have none. Pods in the other zone would have no way
            # out without this zone either.
            zones=("eu-central-1a",),
        ),
        workers_spot=NodeGroup(
            instance_types=("c5.xlarge", "c5a.xlarge", "c5d.xlarge", "c6i.xlarge", "c6a.xlarge"),
            capacity_type=CapacityType.SPOT,
            min_size=1,
            desired_size=1,
            max_size=2,
            disk_gib=50,
            zones=("eu-central-1a", "eu-central-1b"),
        ),
    ),
    addon_set="2026-11",
    controller_replicas=1,
    sync_windows=(),
    database=Database(
        engine_version="17",
        instance_class="db.t4g.medium",
        storage_gib=20,
        max_storage_gib=100,
        max_connections=200,
        multi_az=False,
        backup_retention_days=7,
        deletion_protection=False,
        performance_insights_retention_days=7,
        log_retention_days=14,
    ),
    queue=Queue(
        engine_version="8.1",
        node_type="cache.t4g.small",
        replicas=0,
        snapshot_retention_days=1,
        log_retention_days=14,
    ),
    clickhouse=ClickHouse(
        version="26.8.15.10",
        instance_type="r7i.large",
        nodes=1,
        admitted_nodes=1,
        data_volume_gib=50,
        backup_retention_days=7,
    ),
    storage=Storage(
        report_retention_days=30,
        noncurrent_version_retention_days=14,
        access_log_retention_days=14,
    ),
    backup=Backup(
        daily_retention_days=7,
        monthly_retention_days=0,
        copy_retention_days=0,
        vault_locked=False,
    ),
    secret_recovery_days=7,
    monitoring=Monitoring(
        prometheus_replicas=1,
        prometheus_compute=Compute.of(
            cpu="100m", cpu_limit="1000m", memory="768Mi", memory_limit="1536Mi"
        ),
        prometheus_retention_days=7,
        prometheus_storage_gib=10,
        alertmanager_replicas=1,
    ),
    orchestrator=Orchestrator(
        replicas=1,
        compute=Compute.of(cpu="500m", cpu_limit="1000m", memory="1024Mi", memory_limit="1024Mi"),
        hostname="eval-dev.example.com",
        allowed_cidrs=("10.0.0.0/8",),
    ),
    worker=Worker(
        min_replicas=1,
        max_replicas=4,
        target_cpu_percent=80,
        unfinished_jobs_per_replica=5,
        # The judge makes at most two calls of a job at a time (faithfulness): four jobs use concurrency_per_worker.
        job_concurrency=4,
        compute=Compute.of(cpu="1500m", cpu_limit="2000m", memory="2560Mi", memory_limit="2560Mi"),
        max_job_seconds=900,
        llm_calls=LlmCalls(
            # Samples: Anthropic's tier 2 for Sonnet 4 (docs.anthropic.com, "Rate limits", 2025);
            # OpenAI's tier 2 allows as much (developers.openai.com, model GPT-5.4 pro).
            provider_requests_per_minute=1_000,
            provider_tokens_per_minute=450_000,
            concurrency_per_worker=8,
            max_attempts=6,
            initial_backoff_seconds=2,
            max_backoff_seconds=60,
            timeout_seconds=120,
        ),
    ),
    objectives=Objectives(
        availability_percent=99.0,
        provider_p95_seconds=20,
        daily_llm_budget_usd=50,
        monthly_aws_budget_usd=800,
    ),
    images=images_of("dev"),
    previews=None,
)
