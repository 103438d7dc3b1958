"""One line of the bill, and what the lines of an environment are made with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from evalctl.cost.assumptions import HOURS, Amounts, Load, Usage, always
from evalctl.cost.prices import Price, PriceTable
from evalctl.cost.rendered_files import RenderedEnvironment, Resource

CLUSTER_MADE = "kubernetes"  # the stack of what controllers in the cluster make


class Service(StrEnum):
    """The services of the bill, from the largest part of most bills to the smallest."""

    EC2 = "EC2"
    EC2_SPOT = "EC2 spot"
    RDS = "RDS"
    ELASTICACHE = "ElastiCache"
    EBS = "EBS"
    NAT = "NAT"
    ENDPOINTS = "VPC endpoints"
    EKS = "EKS"
    TRAFFIC = "Traffic"
    LOAD_BALANCER = "Load balancer"
    S3 = "S3"
    BACKUP = "AWS Backup"
    CLOUDWATCH = "CloudWatch"
    KMS = "KMS"
    SECRETS = "Secrets Manager"
    ECR = "ECR"
    DNS = "Route 53"


@dataclass(frozen=True, kw_only=True)
class Item:
    """An amount of something with a price."""

    stack: str
    service: Service
    what: str
    price: Price
    amounts: Amounts

    def usd(self, load: Load) -> float:
        return self.price.usd * self.amounts.at(load)


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that has no price, with what to add where."""

    what: str
    to_do: str

    def __str__(self) -> str:
        return f"{self.what}; {self.to_do}"


@dataclass(kw_only=True)
class Bill:
    """Makes the lines of one environment, and notes what has no price."""

    rendered: RenderedEnvironment
    usage: Usage
    prices: PriceTable
    missing: list[Missing] = field(default_factory=list)

    def line(
        self,
        resource: Resource,
        service: Service,
        price: str,
        amounts: Amounts,
        *,
        stack: str | None = None,
    ) -> Iterator[Item]:
        """The line for this amount, or none and a note that the price is missing."""
        found = self.price(price, region=resource.region, needed_by=resource.address)
        if found is not None:
            yield Item(
                stack=stack or resource.stack,
                service=service,
                what=f"{resource.type}.{resource.name}",
                price=found,
                amounts=amounts,
            )

    def hours(
        self, resource: Resource, service: Service, price: str, count: float = 1
    ) -> Iterator[Item]:
        """The line for what runs all the month."""
        return self.line(resource, service, price, always(HOURS * count))

    def price(self, name: str, *, region: str, needed_by: str) -> Price | None:
        found = self.prices.get(region, {}).get(name)
        if found is None:
            self.missing.append(
                Missing(
                    what=f"{needed_by}: there is no price {name!r} in {region}",
                    to_do=f"add it, with its source, to [regions.{region}] in evalctl/cost/prices.toml",
                )
            )
        return found
