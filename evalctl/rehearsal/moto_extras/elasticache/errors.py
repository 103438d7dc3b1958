"""Errors of ElastiCache that moto lacks.

They use moto's own exception class, because moto reads an error's service from the class's module.
"""

from moto.elasticache.exceptions import ElastiCacheException


def parameter_group_exists(name: str) -> ElastiCacheException:
    return ElastiCacheException(
        "CacheParameterGroupAlreadyExists", f"A cache parameter group named {name} already exists."
    )


def parameter_group_not_found(name: str) -> ElastiCacheException:
    return ElastiCacheException(
        "CacheParameterGroupNotFound", f"CacheParameterGroup not found: {name}"
    )


def parameter_group_in_use(name: str) -> ElastiCacheException:
    return ElastiCacheException(
        "InvalidCacheParameterGroupState", f"One or more cache clusters still use {name}."
    )


def subnet_group_in_use(name: str) -> ElastiCacheException:
    return ElastiCacheException(
        "CacheSubnetGroupInUse", f"Cache subnet group {name} is in use by a cache cluster."
    )


def user_group_exists(id_: str) -> ElastiCacheException:
    return ElastiCacheException("UserGroupAlreadyExists", f"User Group {id_} already exists.")


def user_group_not_found(id_: str) -> ElastiCacheException:
    return ElastiCacheException("UserGroupNotFound", f"User Group {id_} not found.")


def user_group_in_use(id_: str) -> ElastiCacheException:
    return ElastiCacheException(
        "InvalidUserGroupState", f"User Group {id_} is attached to a replication group."
    )


def default_user_required() -> ElastiCacheException:
    return ElastiCacheException("DefaultUserRequired", "User group must contain a default user.")
