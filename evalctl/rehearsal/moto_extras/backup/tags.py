"""AWS Backup tags by ARN. The request path may end with a slash."""

from moto.backup.responses import BackupResponse
from moto.core.responses import ActionResult


class TagResponse(BackupResponse):
    def list_tags(self) -> ActionResult:  # type: ignore[override]  # moto's own is a string
        tags = self.backup_backend.list_tags(self._get_param("resourceArn").rstrip("/"))
        return ActionResult({"Tags": tags})
