"""The cluster half of a rehearsal: a real control plane on loopback, and what stands in beside it."""
