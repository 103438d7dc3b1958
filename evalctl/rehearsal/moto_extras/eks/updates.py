"""EKS updates: DescribeUpdate and ListUpdates."""

from moto.core.common_models import BaseModel
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.eks.exceptions import ResourceNotFoundException
from moto.eks.responses import EKSResponse
from moto.moto_api._internal import mock_random

from ..registry import extended
from .tags import TagBackend


class Update(BaseModel):
    """A change, which was completed at once."""

    def __init__(
        self,
        *,
        cluster_name: str,
        type_: str,
        params: dict[str, str],
        nodegroup_name: str | None = None,
        addon_name: str | None = None,
    ) -> None:
        self.id = str(mock_random.uuid4())
        self.cluster_name = cluster_name
        self.nodegroup_name = nodegroup_name
        self.addon_name = addon_name
        self.status = "Successful"
        self.type = type_
        self.params = [{"type": key, "value": value} for key, value in params.items()]
        self.created_at = utcnow()
        self.errors: list[str] = []


class UpdateBackend(TagBackend):
    """Stores each update, because clients poll it until it has succeeded."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.updates: dict[str, Update] = {}

    def record(self, update: Update) -> Update:
        self.updates[update.id] = update
        return update

    def describe_update(self, cluster_name: str, update_id: str) -> Update:
        self.describe_cluster(cluster_name)
        update = self.updates.get(update_id)
        if update is None or update.cluster_name != cluster_name:
            raise ResourceNotFoundException(
                clusterName=cluster_name, message=f"No update found for ID: {update_id}"
            )
        return update

    def list_updates(
        self, cluster_name: str, nodegroup_name: str | None, addon_name: str | None
    ) -> list[str]:
        self.describe_cluster(cluster_name)
        owner = (cluster_name, nodegroup_name, addon_name)
        return [
            update.id
            for update in self.updates.values()
            if (update.cluster_name, update.nodegroup_name, update.addon_name) == owner
        ]


class UpdateResponse(EKSResponse):
    @property
    def updates(self) -> UpdateBackend:
        return extended(self.eks_backend, UpdateBackend)

    def describe_update(self) -> ActionResult:
        update = self.updates.describe_update(self._get_param("name"), self._get_param("updateId"))
        return ActionResult({"update": update})

    def list_updates(self) -> ActionResult:
        ids = self.updates.list_updates(
            self._get_param("name"), self._get_param("nodegroupName"), self._get_param("addonName")
        )
        return ActionResult({"updateIds": ids})
