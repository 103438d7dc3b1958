"""Checks of `evalctl checklist` that an environment does not fulfil, each openly and for a limited time."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One check of one environment: who answers for it, why, and the last day on which this holds."""

    environment: str
    check: str
    owner: str
    reason: str
    until: date


# The check fails again on the day after `until`. A waiver of a check that passes is a failure too.
WAIVERS = (
    Waiver(
        environment="dev",
        check="several-zones",
        owner="platform-team",
        reason="Nobody's work depends on dev. A standby, replicas and a gateway in each zone would double its price.",
        until=date(2027, 5, 31),
    ),
    Waiver(
        environment="dev",
        check="deletion-protection",
        owner="platform-team",
        reason="A teardown of dev must work without a second change. RDS makes a final snapshot, and dev holds no data that only it has.",
        until=date(2027, 5, 31),
    ),
    Waiver(
        environment="dev",
        check="private-endpoints",
        owner="platform-team",
        reason="Developers reach dev's Kubernetes API from listed networks, without a VPN. Endpoints would cost more than dev's traffic through the NAT gateway.",
        until=date(2027, 5, 31),
    ),
)
