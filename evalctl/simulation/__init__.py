"""How the workers of an environment follow a burst of jobs, on a model of the autoscaler, nodes and providers."""
