"""EC2 detailed monitoring, enabled and disabled for existing instances."""

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response


class MonitoringResponse(EC2Response):
    def monitor_instances(self) -> ActionResult:  # type: ignore[override]  # moto's own is a string
        return self._set("enabled")

    def unmonitor_instances(self) -> ActionResult:  # type: ignore[override]  # moto's own is a string
        return self._set("disabled")

    def _set(self, state: str) -> ActionResult:
        self.error_on_dryrun()
        ids = self._get_param("InstanceIds", [])
        for id_ in ids:
            self.ec2_backend.get_instance(id_).monitoring_state = state
        monitorings = [{"InstanceId": id_, "Monitoring": {"State": state}} for id_ in ids]
        return ActionResult({"InstanceMonitorings": monitorings})
