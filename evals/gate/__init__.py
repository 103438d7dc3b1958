"""Decides on what DeepEval wrote. Imports nothing of the platform."""
