"""What this plane's objects are made of: Argo CD's kinds, with what all of ours have in common."""
