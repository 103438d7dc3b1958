"""S3 bucket policies with conditions.

moto applies a statement whether or not its conditions hold. A bucket whose policy requires TLS would
deny every request.
"""

import json
from contextvars import ContextVar
from typing import Any

from moto.core.request import Request
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response
from moto.s3.utils import LOGGING_SERVICE_PRINCIPAL

from .policy_conditions import hold

# The emulator serves plain HTTP on loopback, in the place of an endpoint with TLS.
_EVERY_REQUEST = {
    "aws:principalisawsservice": "false",
    "aws:securetransport": "true",
    "s3:tlsversion": "1.3",
}
_context: ContextVar[dict[str, str]] = ContextVar("_context", default=_EVERY_REQUEST)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class BucketWithConditions(FakeBucket):
    def get_permission(self, action: str, resource: str) -> PermissionResult:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        statements = [
            {key: value for key, value in statement.items() if key != "Condition"}
            for statement in _list(json.loads(self.policy)["Statement"])
            if hold(statement.get("Condition", {}), _context.get())
        ]
        policy = json.dumps({"Statement": statements})
        return IAMPolicy(policy).is_action_permitted(action, resource)

    @staticmethod
    def _log_permissions_enabled_policy(
        target_bucket: FakeBucket, target_prefix: str | None
    ) -> bool:
        """moto ignores a statement whose principal or resource is a list with one element."""
        if not target_bucket.policy:
            return False
        arn = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}"
        return any(
            statement["Effect"] == "Allow"
            and isinstance(statement.get("Principal"), dict)
            and LOGGING_SERVICE_PRINCIPAL in _list(statement["Principal"].get("Service"))
            and "s3:PutObject" in _list(statement["Action"])
            and {f"{arn}/*", f"{arn}/{target_prefix or ''}*"} & set(_list(statement["Resource"]))
            for statement in _list(json.loads(target_bucket.policy)["Statement"])
        )


class PolicyBackend(S3Backend):
    def create_bucket(
        self, bucket_name: str, region_name: str, bucket_namespace: str | None = None
    ) -> FakeBucket:
        bucket = super().create_bucket(bucket_name, region_name, bucket_namespace)
        # moto has no other way to choose the class of its buckets.
        bucket.__class__ = BucketWithConditions  # type: ignore[type-abstract]
        return bucket


class PolicyResponse(S3Response):
    def setup_class(  # type: ignore[override]  # narrowed by S3Response
        self, request: Request, full_url: str | None = None, headers: Any = None
    ) -> None:
        super().setup_class(request, full_url, headers)
        requested = {
            f"s3:{name.lower()}": value
            for name, value in request.headers.items()
            if name.lower().startswith("x-amz-")
        }
        _context.set(_EVERY_REQUEST | requested)
