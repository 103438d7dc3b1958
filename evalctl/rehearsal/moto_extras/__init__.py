"""An emulated AWS: moto 5.2.5 with what real Terraform needs and moto lacks.

`install` registers the extended services in moto, `server` serves them on loopback, and
`error_responses` turns the emulator's own failures into responses that AWS clients understand.

One folder holds one service. Its parts follow moto's own structure: models, a back end that stores
them, and a response class with one method for each API operation. The folder's `__init__` combines
the parts into one back end and one response class.

    backup       plans, selections, recovery points, vault locks, tags by ARN
    budgets      changes, subscribers of notifications, tags
    ec2          launch templates, detailed monitoring, network interfaces, NAT gateways,
                 security group rules
    eks          clusters, node groups with their Auto Scaling groups, add-ons, access entries,
                 Pod Identity associations, updates, tags
    elasticache  replication groups and their nodes, parameter groups, subnet groups, users,
                 users in CloudFormation templates
    rds          Performance Insights, certificate authority, storage, parameter groups
    route53      private hosted zones
    s3           bucket policies with conditions
    servicequotas
                 quotas of a new account, increases
"""

from . import backup, budgets, ec2, eks, elasticache, rds, route53, s3, servicequotas
from .registry import extend


def install() -> None:
    """Register every extended service in moto. Call it before the first request."""
    extend(
        "backup",
        response=backup.ExtendedBackupResponse,
        backend=backup.ExtendedBackupBackend,
        paths=backup.PATHS,
    )
    extend(
        "budgets",
        response=budgets.ExtendedBudgetsResponse,
        backend=budgets.ExtendedBudgetsBackend,
    )
    extend("ec2", response=ec2.ExtendedEC2Response, backend=ec2.ExtendedEC2Backend)
    extend("eks", response=eks.ExtendedEKSResponse, backend=eks.ExtendedEKSBackend, paths=eks.PATHS)
    extend(
        "elasticache",
        response=elasticache.ExtendedElastiCacheResponse,
        backend=elasticache.ExtendedElastiCacheBackend,
    )
    extend("rds", response=rds.ExtendedRDSResponse, backend=rds.ExtendedRDSBackend)
    extend("route53", response=route53.ExtendedRoute53Response)
    extend("s3", response=s3.ExtendedS3Response, backend=s3.ExtendedS3Backend)
    extend(
        "servicequotas",
        response=servicequotas.ExtendedServiceQuotasResponse,
        backend=servicequotas.ExtendedServiceQuotasBackend,
    )
