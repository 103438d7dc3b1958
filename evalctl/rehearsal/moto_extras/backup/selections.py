"""AWS Backup selections: the resources that a plan backs up, and the role that it uses."""

from moto.backup.exceptions import (
    AlreadyExistsException,
    InvalidParameterValueException,
    InvalidRequestException,
    ResourceNotFoundException,
)
from moto.backup.models import BackupBackend
from moto.backup.responses import BackupResponse
from moto.core.common_models import BaseModel
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from ..registry import extended


class Selection(BaseModel):
    def __init__(
        self,
        *,
        backup_plan_id: str,
        document: dict[str, object],
        creator_request_id: str | None,
    ) -> None:
        self.selection_id = str(mock_random.uuid4())
        self.backup_plan_id = backup_plan_id
        self.backup_selection = document
        self.selection_name = document["SelectionName"]
        self.iam_role_arn = document["IamRoleArn"]
        self.creator_request_id = creator_request_id
        self.creation_date = utcnow()


class SelectionBackend(BackupBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.selections: dict[str, Selection] = {}

    def create_backup_selection(
        self, plan_id: str, document: dict[str, object], creator_request_id: str | None
    ) -> Selection:
        self.get_backup_plan(plan_id, None)
        if not str(document.get("IamRoleArn")).startswith("arn:"):
            raise InvalidParameterValueException("The IamRoleArn is not a role's ARN")
        if document["SelectionName"] in [
            selection.selection_name for selection in self.list_backup_selections(plan_id)
        ]:
            raise AlreadyExistsException("Backup selection with the same name already exists")
        selection = Selection(
            backup_plan_id=plan_id, document=document, creator_request_id=creator_request_id
        )
        self.selections[selection.selection_id] = selection
        return selection

    def get_backup_selection(self, plan_id: str, selection_id: str) -> Selection:
        selection = self.selections.get(selection_id)
        if selection is None or selection.backup_plan_id != plan_id:
            raise ResourceNotFoundException("Cannot find Backup selection with provided id")
        return selection

    def list_backup_selections(self, plan_id: str) -> list[Selection]:
        return [
            selection
            for selection in self.selections.values()
            if selection.backup_plan_id == plan_id
        ]

    def delete_backup_selection(self, plan_id: str, selection_id: str) -> None:
        self.get_backup_selection(plan_id, selection_id)
        del self.selections[selection_id]

    def delete_backup_plan(self, backup_plan_id: str) -> tuple[str, str, float, str]:
        if self.list_backup_selections(backup_plan_id):
            raise InvalidRequestException(
                "Related backup plan selections must be deleted prior to backup plan deletion"
            )
        return super().delete_backup_plan(backup_plan_id)


class SelectionResponse(BackupResponse):
    @property
    def selections(self) -> SelectionBackend:
        return extended(self.backup_backend, SelectionBackend)

    def create_backup_selection(self) -> ActionResult:
        selection = self.selections.create_backup_selection(
            self._get_param("backupPlanId"),
            self._get_param("BackupSelection"),
            self._get_param("CreatorRequestId"),
        )
        return ActionResult(selection)

    def get_backup_selection(self) -> ActionResult:
        return ActionResult(self.selections.get_backup_selection(*self._selection()))

    def list_backup_selections(self) -> ActionResult:
        selections = self.selections.list_backup_selections(self._get_param("backupPlanId"))
        return ActionResult({"BackupSelectionsList": selections})

    def delete_backup_selection(self) -> ActionResult:
        self.selections.delete_backup_selection(*self._selection())
        return EmptyResult()

    def _selection(self) -> tuple[str, str]:
        return self._get_param("backupPlanId"), self._get_param("selectionId")
