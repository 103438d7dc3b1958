"""The price of a spot node, for a rough sum.

The only published figure with both prices is AWS' example: a c5.2xlarge on spot costs 0.170 to 0.191 dollars an hour
in us-east-1, and 0.34 on demand (EC2 Auto Scaling user guide, "Spot price per unit hour example", read 2026-11-28). A
c5.xlarge is half of it. Prices of spot change daily: `aws ec2 describe-spot-price-history` prints yours.
"""

SPOT_USD_PER_HOUR = {"c5.xlarge": 0.09}


def spot_usd_per_hour(instance_type: str) -> float | None:
    """None: the table has no price of this type."""
    return SPOT_USD_PER_HOUR.get(instance_type)
