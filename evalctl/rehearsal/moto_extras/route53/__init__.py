"""Route 53: private hosted zones."""

from .zones import ZoneResponse


class ExtendedRoute53Response(ZoneResponse):
    """All operations of Route 53."""
