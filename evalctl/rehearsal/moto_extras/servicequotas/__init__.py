"""Service Quotas: the quotas of a new account, and increases, which are granted at once."""

from .quotas import QuotaBackend, QuotaResponse


class ExtendedServiceQuotasBackend(QuotaBackend):
    """All quotas of an account in a region."""


class ExtendedServiceQuotasResponse(QuotaResponse):
    """All operations of Service Quotas."""
