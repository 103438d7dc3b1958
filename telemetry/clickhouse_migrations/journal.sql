-- Which migrations were applied, and with which text. Made before the first of them.
CREATE TABLE IF NOT EXISTS eval_platform.schema_migrations ON CLUSTER eval
(
    version UInt32,
    name String,
    checksum String, -- sha256 of the migration's file
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplicatedMergeTree
ORDER BY version;
