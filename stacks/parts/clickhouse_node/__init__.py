"""How an EC2 instance becomes a ClickHouse node: its configuration, its scripts, its cloud-config."""
