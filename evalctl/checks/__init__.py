"""Checks of what is committed: policies for the rendered files, supported versions, and no keys in Git."""
