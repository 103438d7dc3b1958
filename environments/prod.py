"""Production: three zones, replicas of every store, logs for a year.

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
    SyncWindow,
    SyncWindowKind,
    Tier,
    Worker,
)

PROD = Environment(
    name="prod",
    tier=Tier.PRODUCTION,
    promotes_from="dev",
    account=Account(id="222222222222", region="eu-central-1", backup_copy_region="eu-west-1"),
    ownership=Ownership(
        owner="platform-team",
        cost_center="ai-evaluation",
        email="platform-team@example.com",
    ),
    repository=Repository(
        owner="example-org",
        name="ai-eval-platform",
        revision="main",
        deploy_environment="prod",
        oidc_subject="repo:example-org/ai-eval-platform",
    ),
    network=Network(
        vpc_cidr="10.20.0.0/16",
        zones=("eu-central-1a", "eu-central-1b", "eu-central-1c"),
        nat_gateway_per_zone=True,
        # Nodes and pods call these services all the time; through NAT gateways this would cost more.
        interface_endpoints=("ecr.api", "ecr.dkr", "sts", "secretsmanager", "logs", "ec2"),
        flow_log_retention_days=365,
    ),
    cluster=Cluster(
        kubernetes_version="1.35",
        public_access_cidrs=(),
        # A sample: the VPN by which administrators reach the VPC, or a bastion's subnet.
        private_access_cidrs=("10.250.0.0/24",),
        admin_role_names=("PlatformAdmin",),
        log_retention_days=365,
        general=NodeGroup(
            instance_types=("t3.large",),
            capacity_type=CapacityType.ON_DEMAND,
            min_size=1,
            desired_size=2,
            # B2. Without one of three, an orchestrator and a Prometheus wait for its replacement
            # (docs/changes.md, "A fourth general node", has the price of another).
            max_size=3,
            disk_gib=50,
            zones=("eu-central-1a", "eu-central-1b", "eu-central-1c"),
        ),
        workers_spot=NodeGroup(
            instance_types=("c5.xlarge", "c5a.xlarge", "c5d.xlarge", "c6i.xlarge", "c6a.xlarge"),
            capacity_type=CapacityType.SPOT,
            min_size=2,
            desired_size=2,
            max_size=10,
            disk_gib=50,
            zones=("eu-central-1a", "eu-central-1b", "eu-central-1c"),
        ),
    ),
    addon_set="2026-11",
    controller_replicas=2,
    sync_windows=(
        # From Friday afternoon to Monday morning few people could repair a failed change.
        SyncWindow(
            kind=SyncWindowKind.DENY,
            schedule="0 15 * * 5",
            duration_hours=64,
            time_zone="Europe/Berlin",
        ),
    ),
    database=Database(
        engine_version="17",
        instance_class="db.m7g.large",
        storage_gib=100,
        max_storage_gib=1000,
        max_connections=500,
        multi_az=True,
        backup_retention_days=35,
        deletion_protection=True,
        performance_insights_retention_days=731,
        log_retention_days=365,
    ),
    queue=Queue(
        engine_version="8.1",
        node_type="cache.m7g.large",
        replicas=2,
        snapshot_retention_days=7,
        log_retention_days=365,
    ),
    clickhouse=ClickHouse(
        version="26.8.15.10",
        instance_type="r7i.xlarge",
        nodes=3,
        admitted_nodes=3,
        data_volume_gib=500,
        backup_retention_days=35,
    ),
    storage=Storage(
        report_retention_days=730,
        noncurrent_version_retention_days=90,
        access_log_retention_days=365,
    ),
    backup=Backup(
        daily_retention_days=35,
        monthly_retention_days=365,
        copy_retention_days=90,
        vault_locked=True,
    ),
    secret_recovery_days=30,
    monitoring=Monitoring(
        prometheus_replicas=2,
        prometheus_compute=Compute.of(
            cpu="150m", cpu_limit="1000m", memory="1024Mi", memory_limit="2048Mi"
        ),
        prometheus_retention_days=30,
        prometheus_storage_gib=50,
        alertmanager_replicas=2,
    ),
    orchestrator=Orchestrator(
        replicas=3,
        compute=Compute.of(cpu="1000m", cpu_limit="1500m", memory="2048Mi", memory_limit="2048Mi"),
        hostname="eval.example.com",
        allowed_cidrs=("10.0.0.0/8",),
    ),
    worker=Worker(
        min_replicas=2,
        max_replicas=20,
        target_cpu_percent=80,
        unfinished_jobs_per_replica=5,
        # The judge makes at most two calls of a job at a time (faithfulness): four jobs use concurrency_per_worker.
        job_concurrency=4,
        compute=Compute.of(cpu="1500m", cpu_limit="2000m", memory="2560Mi", memory_limit="2560Mi"),
        max_job_seconds=900,
        llm_calls=LlmCalls(
            # Samples: Anthropic's tier 3 for Sonnet 4 (docs.anthropic.com, "Rate limits", 2025);
            # OpenAI's tier 3 allows as much (developers.openai.com, model GPT-5.4 pro).
            provider_requests_per_minute=2_000,
            provider_tokens_per_minute=800_000,
            concurrency_per_worker=8,
            max_attempts=6,
            initial_backoff_seconds=2,
            max_backoff_seconds=60,
            timeout_seconds=120,
        ),
    ),
    objectives=Objectives(
        availability_percent=99.5,
        provider_p95_seconds=20,
        daily_llm_budget_usd=500,
        monthly_aws_budget_usd=3_200,
    ),
    images=images_of("prod"),
    previews=None,
)
