"""The reference orchestrator and worker, which keep the contract of docs/images.md. Replace them by your own."""
