"""ElastiCache, put together from its parts."""

import re
from types import ModuleType

from moto.elasticache import urls

from . import cloudformation as elasticache_cloudformation  # noqa: F401  (CloudFormation finds it once imported)
from .parameter_groups import ParameterGroupResponse
from .replication_group_responses import ReplicationGroupResponse
from .replication_groups import ReplicationGroupBackend
from .subnet_groups import SubnetGroupResponse
from .users import UserResponse


class ExtendedElastiCacheBackend(ReplicationGroupBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        # moto refuses to list the tags of the kinds that it does not have.
        self.arn_regex = re.compile(
            r"^arn:[^:]+:elasticache:[^:]*:\d*:(cluster|parametergroup|replicationgroup|snapshot"
            r"|subnetgroup|user|usergroup):.*$"
        )

    @property
    def _url_module(self) -> ModuleType:
        return urls


class ExtendedElastiCacheResponse(
    ReplicationGroupResponse, ParameterGroupResponse, SubnetGroupResponse, UserResponse
):
    """Everything that ElastiCache answers here."""
