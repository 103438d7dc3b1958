"""AWS Backup plans: updates, and a new plan under the name of a deleted one."""

from copy import deepcopy

from moto.backup.models import BackupBackend, Plan
from moto.backup.responses import BackupResponse
from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random

from ..registry import extended


class PlanBackend(BackupBackend):
    def create_backup_plan(
        self,
        backup_plan: dict[str, object],
        backup_plan_tags: dict[str, str],
        creator_request_id: str,
    ) -> Plan:
        """moto refuses the names of deleted plans."""
        deleted = {id_: plan for id_, plan in self.plans.items() if plan.deletion_date is not None}
        for id_ in deleted:
            del self.plans[id_]
        try:
            return super().create_backup_plan(backup_plan, backup_plan_tags, creator_request_id)
        finally:
            self.plans |= deleted

    def update_backup_plan(self, plan_id: str, document: dict[str, object]) -> Plan:
        plan = self.get_backup_plan(plan_id, None)
        # The constructor sets defaults and generates an id for each rule; a new version has new ids.
        updated = Plan(deepcopy(document), plan.creator_request_id, self)
        plan.backup_plan = updated.backup_plan
        plan.advanced_backup_settings = updated.advanced_backup_settings
        plan.version_id = mock_random.get_random_string(length=48)
        return plan


class PlanResponse(BackupResponse):
    def update_backup_plan(self) -> ActionResult:
        plan = extended(self.backup_backend, PlanBackend).update_backup_plan(
            self._get_param("backupPlanId"), self._get_param("BackupPlan")
        )
        return ActionResult(plan.to_dict())
