"""Turns the values into files: `rendered/`, and the generated pages of `docs/`."""
