"""The cache clusters that a replication group consists of."""

from datetime import datetime

from moto.core.common_models import BaseModel
from moto.elasticache.models import ReplicationGroup

DEFAULT_VERSIONS = {"redis": "7.1", "valkey": "8.0"}
DEFAULT_MAINTENANCE = "sun:05:00-sun:06:00"


# Settings that a node takes from its group as they are.
_GROUP_SETTINGS = frozenset(
    {
        "at_rest_encryption_enabled",
        "auth_token_enabled",
        "cache_node_type",
        "engine",
        "ip_discovery",
        "log_delivery_configurations",
        "network_type",
        "replication_group_id",
        "snapshot_window",
        "transit_encryption_enabled",
        "transit_encryption_mode",
    }
)


class MemberCluster(BaseModel):
    """One node. It reads the settings of its group, so that a change of the group applies at once."""

    def __init__(self, *, group: ReplicationGroup, cache_cluster_id: str, zone: str) -> None:
        self._group = group
        self.cache_cluster_id = cache_cluster_id
        self.preferred_availability_zone = zone
        self.arn = group.arn.replace(
            f":replicationgroup:{group.replication_group_id}", f":cluster:{cache_cluster_id}"
        )
        self.cache_cluster_status = "available"
        self.num_cache_nodes = 1
        self.replication_group_log_delivery_enabled = True

    def __getattr__(self, name: str) -> object:
        if name in _GROUP_SETTINGS:
            return getattr(self._group, name)
        raise AttributeError(name, name=name, obj=self)

    @property
    def cache_cluster_create_time(self) -> datetime:
        return self._group.replication_group_create_time

    @property
    def engine_version(self) -> str:
        """With the patch level, as AWS returns it."""
        version = self._group.engine_version or DEFAULT_VERSIONS[self._group.engine]
        return version if version.count(".") == 2 else f"{version}.0"

    @property
    def cache_parameter_group_name(self) -> str:
        major = self.engine_version.partition(".")[0]
        return self._group.cache_parameter_group_name or f"default.{self._group.engine}{major}"

    @property
    def cache_parameter_group(self) -> dict[str, object]:
        return {
            "CacheParameterGroupName": self.cache_parameter_group_name,
            "ParameterApplyStatus": "in-sync",
            "CacheNodeIdsToReboot": [],
        }

    @property
    def cache_subnet_group_name(self) -> str:
        return self._group.cache_subnet_group_name or "default"

    @property
    def security_groups(self) -> list[dict[str, str]]:
        return [
            {"SecurityGroupId": id_, "Status": "active"}
            for id_ in self._group.security_group_ids or ()
        ]

    @property
    def preferred_maintenance_window(self) -> str:
        return self._group.preferred_maintenance_window or DEFAULT_MAINTENANCE

    @property
    def auto_minor_version_upgrade(self) -> bool:
        return self._group.auto_minor_version_upgrade is not False

    @property
    def snapshot_retention_limit(self) -> int:
        return int(self._group.snapshot_retention_limit)

    @property
    def cache_nodes(self) -> list[dict[str, object]]:
        group = self._group
        return [
            {
                "CacheNodeId": "0001",
                "CacheNodeStatus": "available",
                "CacheNodeCreateTime": self.cache_cluster_create_time,
                "Endpoint": {"Address": f"{self.cache_cluster_id}.cache", "Port": group.port},
                "ParameterGroupStatus": "in-sync",
                "CustomerAvailabilityZone": self.preferred_availability_zone,
            }
        ]
