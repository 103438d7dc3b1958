"""Draws the boards of the observation plane as HTML pages, on synthetic data and without a cluster."""
