"""What the platform measures: metrics, table columns, the queue's length, and the ClickHouse tables."""
