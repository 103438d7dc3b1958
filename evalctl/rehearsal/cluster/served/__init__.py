"""What the rehearsed Argo CD and `evalctl bootstrap` read: a Git repository, charts, Argo CD's manifests."""
