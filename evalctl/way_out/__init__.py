"""Keeps the way out of cdktf open: CDK Terrain renders the same, and the next provider's changes are known.

Run it with `make check-cdktn`; docs/way-out.md is its page.
"""
