"""How runbooks and the telemetry page are written, as Markdown below docs/."""
