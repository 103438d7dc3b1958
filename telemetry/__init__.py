"""What the platform measures: metric names and table columns, and the ClickHouse tables that hold them."""
