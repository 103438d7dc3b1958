"""An emulated AWS with what real Terraform needs and moto 5.2.5 lacks.

Each service is put together from small parts, as moto's own back ends are: models, a back end that
holds them, and responses by operation name. `install` registers them; `server` serves them.

    registry                  puts extended classes in the place of moto's own
    server, failures          moto's server on loopback, which tells its own failures
    eks                       EKS, put together
      eks_clusters              settings that moto drops, the cluster's security group, updates
      eks_nodegroups            settings that moto makes up or drops, updates
      eks_scaling_groups        the Auto Scaling group and launch template behind a node group
      eks_addons                add-ons
      eks_access                access entries and their policies
      eks_pod_identity          Pod Identity associations
      eks_updates, eks_tags     what was changed, and the tags of all of the above
    backup                    AWS Backup, put together
      backup_plans              changing a plan, and making one again
      backup_recovery_points    what a vault holds, and what that keeps from being deleted
      backup_selections         which resources a plan backs up
      backup_tags               tags by ARN
    elasticache               ElastiCache, put together
      elasticache_replication_groups, elasticache_members
                                the group, its changes and its end, and the nodes it consists of
      elasticache_parameter_groups, elasticache_subnet_groups, elasticache_users
                                what a replication group refers to
      elasticache_cloudformation, cloudformation_references
                                users made by CloudFormation, with passwords out of Secrets Manager
    rds                       RDS, put together
      rds_instances             Performance Insights, certificate authority
      rds_parameters            who set a parameter
    ec2                       EC2, put together
      ec2_launch_templates      a template's own tags
      ec2_monitoring            detailed monitoring
      ec2_network_interfaces    what happens to interfaces when their instance or gateway ends
      ec2_security_group_rules  descriptions of rules
    route53_zones             private zones
    s3_policies, policy_conditions
                              bucket policies whose conditions are looked at
"""

from . import backup, ec2, eks, elasticache, rds
from . import route53 as route53_zones
from . import s3 as s3_policies
from .backup import recovery_points as backup_recovery_points
from .registry import extend


def install() -> None:
    """Register everything into moto. Call it before the first request."""
    extend("ec2", response=ec2.ExtendedEC2Response, backend=ec2.ExtendedEC2Backend)
    extend("route53", response=route53_zones.ZoneResponse)
    extend(
        "s3",
        response=s3_policies.ConditionedS3Response,
        backend=s3_policies.ConditionedS3Backend,
    )
    extend("rds", response=rds.ExtendedRDSResponse, backend=rds.ExtendedRDSBackend)
    extend(
        "eks",
        response=eks.ExtendedEKSResponse,
        backend=eks.ExtendedEKSBackend,
        paths=eks.PATHS,
    )
    extend(
        "backup",
        response=backup.ExtendedBackupResponse,
        backend=backup.ExtendedBackupBackend,
        paths=backup_recovery_points.PATHS,
    )
    extend(
        "elasticache",
        response=elasticache.ExtendedElastiCacheResponse,
        backend=elasticache.ExtendedElastiCacheBackend,
    )
