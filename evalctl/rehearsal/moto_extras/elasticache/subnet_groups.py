"""ElastiCache subnet groups: update and deletion."""

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.models import CacheSubnetGroup, ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from ..registry import extended


class SubnetGroupBackend(ElastiCacheBackend):
    def subnet_group(self, name: str) -> CacheSubnetGroup:
        return self.describe_cache_subnet_groups(name)[0]

    def modify_cache_subnet_group(
        self, name: str, description: str | None, subnet_ids: list[str] | None
    ) -> CacheSubnetGroup:
        old = self.subnet_group(name)
        self.cache_subnet_groups[name] = CacheSubnetGroup(
            account_id=self.account_id,
            region_name=self.region_name,
            cache_subnet_group_name=name,
            cache_subnet_group_description=description or old.cache_subnet_group_description,
            subnet_ids=subnet_ids or old.subnet_ids,
            tags=old.tags,
        )
        return self.cache_subnet_groups[name]

    def delete_cache_subnet_group(self, name: str) -> None:
        group = self.subnet_group(name)
        if any(used.cache_subnet_group_name == name for used in self.replication_groups.values()):
            raise ElastiCacheException(
                "CacheSubnetGroupInUse", f"Cache subnet group {name} is in use by a cache cluster."
            )
        del self.cache_subnet_groups[name]
        self.tagging_service.delete_all_tags_for_resource(group.arn)


class SubnetGroupResponse(ElastiCacheResponse):
    @property
    def subnet_groups(self) -> SubnetGroupBackend:
        return extended(self.elasticache_backend, SubnetGroupBackend)

    def modify_cache_subnet_group(self) -> ActionResult:
        group = self.subnet_groups.modify_cache_subnet_group(
            self._get_param("CacheSubnetGroupName"),
            self._get_param("CacheSubnetGroupDescription"),
            self._get_param("SubnetIds"),
        )
        return ActionResult({"CacheSubnetGroup": group})

    def delete_cache_subnet_group(self) -> ActionResult:
        self.subnet_groups.delete_cache_subnet_group(self._get_param("CacheSubnetGroupName"))
        return EmptyResult()
