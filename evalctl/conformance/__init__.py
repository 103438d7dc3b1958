"""Tests a program against the contract that docs/images.md and docs/telemetry.md state."""
