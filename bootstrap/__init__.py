"""Puts Argo CD into a new cluster, once; from then on Argo CD keeps everything in sync, itself too."""
