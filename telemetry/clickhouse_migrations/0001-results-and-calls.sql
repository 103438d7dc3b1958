-- Times are ordered within a part, so their differences compress well; reasons are prose.

CREATE TABLE IF NOT EXISTS eval_platform.evaluation_results ON CLUSTER eval
(
    evaluated_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    environment LowCardinality(String),
    run_id UUID,
    build String,
    built_at DateTime('UTC'),
    branch LowCardinality(String),
    dataset LowCardinality(String),
    case_id String,
    topic LowCardinality(String),
    metric LowCardinality(String),
    score Float64,
    threshold Float64,
    judge_model LowCardinality(String),
    reason String CODEC(ZSTD(3))
)
ENGINE = ReplicatedMergeTree
PARTITION BY toYYYYMM(evaluated_at)
ORDER BY (environment, metric, topic, evaluated_at, run_id, case_id)
TTL evaluated_at + INTERVAL 730 DAY;

CREATE TABLE IF NOT EXISTS eval_platform.llm_calls ON CLUSTER eval
(
    called_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    environment LowCardinality(String),
    run_id UUID,
    provider LowCardinality(String),
    model LowCardinality(String),
    operation LowCardinality(String),
    input_tokens UInt32,
    output_tokens UInt32,
    cost_usd Decimal(12, 6),
    duration_ms UInt32,
    attempt UInt8,
    error_type LowCardinality(String)
)
ENGINE = ReplicatedMergeTree
PARTITION BY toYYYYMM(called_at)
ORDER BY (environment, model, called_at, run_id)
TTL called_at + INTERVAL 400 DAY;
