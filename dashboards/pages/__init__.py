"""What people read in words: runbooks and the telemetry page, as Markdown below docs/."""
