"""Runs the reference programs on loopback, and draws the boards from what happened."""
