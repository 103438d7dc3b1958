"""A ClickHouse node: its EC2 instance, permissions, configuration, scripts and cloud-config."""
