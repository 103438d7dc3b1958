"""Installs Argo CD in a new cluster, after which Argo CD syncs everything, and tears an environment down."""
