"""The values of quotas: AWS' default, and the applied one after an increase.

moto has the defaults of VPC only. The others are those of new accounts (`aws service-quotas
get-aws-default-service-quota` and the services' pages in the AWS General Reference, read 2026-11-28). AWS has
no applied value for some quotas before an increase (API reference, GetServiceQuota) and does not document
which; here EKS has none. A real increase takes from minutes to days.
"""

import json
from typing import Any

from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.resources.default_quotas.vpc import VPC_DEFAULT_QUOTAS
from moto.servicequotas.responses import ServiceQuotasResponse

# Service and code → name and default value.
_DEFAULTS = {
    ("ebs", "L-7A658B76"): ("Storage for General Purpose SSD (gp3) volumes, in TiB", 50.0),
    ("ec2", "L-0263D0A3"): ("EC2-VPC Elastic IPs", 5.0),
    ("ec2", "L-1216C47A"): (
        "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
        5.0,
    ),
    ("ec2", "L-34B43A08"): (
        "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
        5.0,
    ),
    ("eks", "L-1194D53C"): ("Clusters", 100.0),
    ("elasticache", "L-DFE45DF3"): ("Nodes per Region", 300.0),
    ("elasticloadbalancing", "L-53DA6B97"): ("Application Load Balancers per Region", 50.0),
    ("rds", "L-7ADDB58A"): ("Total storage for all DB instances", 100_000.0),
    ("rds", "L-7B6409FD"): ("DB instances", 40.0),
    **{
        ("vpc", str(quota["QuotaCode"])): (str(quota["QuotaName"]), float(str(quota["Value"])))
        for quota in VPC_DEFAULT_QUOTAS
    },
}
_WITHOUT_APPLIED_VALUE = ("eks",)

Quota = dict[str, Any]


class QuotaBackend(ServiceQuotasBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.increased: dict[tuple[str, str], float] = {}

    def get_service_quota(self, service_code: str, quota_code: str) -> Quota:
        increased = self.increased.get((service_code, quota_code))
        if increased is None and service_code in _WITHOUT_APPLIED_VALUE:
            raise NoSuchResource
        return _quota(service_code, quota_code, increased)

    def get_aws_default_service_quota(self, service_code: str, quota_code: str) -> Quota:
        return _quota(service_code, quota_code, None)

    def request_service_quota_increase(
        self, service_code: str, quota_code: str, value: float
    ) -> None:
        _quota(service_code, quota_code, value)
        self.increased[service_code, quota_code] = value


class QuotaResponse(ServiceQuotasResponse):
    def get_aws_default_service_quota(self) -> str:
        request = json.loads(self.body)
        quota = self._quotas.get_aws_default_service_quota(
            request["ServiceCode"], request["QuotaCode"]
        )
        return json.dumps({"Quota": quota})

    def request_service_quota_increase(self) -> str:
        request = json.loads(self.body)
        self._quotas.request_service_quota_increase(
            request["ServiceCode"], request["QuotaCode"], request["DesiredValue"]
        )
        return json.dumps({"RequestedQuota": {**request, "Status": "APPROVED"}})

    @property
    def _quotas(self) -> QuotaBackend:
        backend = self.backend
        assert isinstance(backend, QuotaBackend)
        return backend


def _quota(service: str, code: str, value: float | None) -> Quota:
    try:
        name, default = _DEFAULTS[service, code]
    except KeyError:
        raise NoSuchResource from None
    return {
        "ServiceCode": service,
        "QuotaCode": code,
        "QuotaName": name,
        "Value": default if value is None else value,
        "Adjustable": True,
        "GlobalQuota": False,
    }
