"""ElastiCache: replication groups, parameter groups, subnet groups, users and user groups."""

import re

from . import cloudformation  # noqa: F401  (registers its resource type in CloudFormation)
from .parameter_groups import ParameterGroupResponse
from .replication_group_responses import ReplicationGroupResponse
from .replication_groups import ReplicationGroupBackend
from .subnet_groups import SubnetGroupResponse
from .users import UserResponse


class ExtendedElastiCacheBackend(ReplicationGroupBackend):
    """All resources of ElastiCache."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        # moto refuses to list the tags of resource types that it does not implement.
        self.arn_regex = re.compile(
            r"^arn:[^:]+:elasticache:[^:]*:\d*:(cluster|parametergroup|replicationgroup|snapshot"
            r"|subnetgroup|user|usergroup):.*$"
        )


class ExtendedElastiCacheResponse(
    ReplicationGroupResponse, ParameterGroupResponse, SubnetGroupResponse, UserResponse
):
    """All operations of ElastiCache."""
