"""A real control plane on this machine, and stand-ins for what AWS runs beside it: nodes, kubelets, volumes."""
