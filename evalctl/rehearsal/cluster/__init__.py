"""The cluster half of a rehearsal: a real control plane on loopback, and what stands for the rest of EKS."""
