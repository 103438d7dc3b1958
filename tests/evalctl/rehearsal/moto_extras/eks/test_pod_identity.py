"""EKS Pod Identity associations."""

import pytest
from botocore.exceptions import ClientError

from tests.evalctl.rehearsal.moto_extras.conftest import ROLE, Client

WORKER = {"namespace": "eval-platform", "serviceAccount": "worker"}


@pytest.fixture
def association_id(client: Client, cluster: str) -> str:
    created = client("eks").create_pod_identity_association(
        clusterName=cluster, roleArn=ROLE, tags={"Owner": "platform"}, **WORKER
    )
    return str(created["association"]["associationId"])


def test_an_association_reads_back_what_it_was_created_with(
    client: Client, cluster: str, association_id: str
) -> None:
    found = client("eks").describe_pod_identity_association(
        clusterName=cluster, associationId=association_id
    )["association"]
    assert found["namespace"] == "eval-platform"
    assert found["serviceAccount"] == "worker"
    assert found["roleArn"] == ROLE
    assert found["tags"] == {"Owner": "platform"}
    assert found["associationArn"].endswith(f":podidentityassociation/demo/{association_id}")


@pytest.mark.usefixtures("association_id")
def test_a_service_account_has_one_role(client: Client, cluster: str) -> None:
    with pytest.raises(ClientError, match="ResourceInUseException"):
        client("eks").create_pod_identity_association(clusterName=cluster, roleArn=ROLE, **WORKER)


def test_the_role_of_an_association_can_change(
    client: Client, cluster: str, association_id: str
) -> None:
    eks = client("eks")
    named = {"clusterName": cluster, "associationId": association_id}
    eks.update_pod_identity_association(**named, roleArn=f"{ROLE}-2")
    found = eks.describe_pod_identity_association(**named)["association"]
    assert found["roleArn"] == f"{ROLE}-2"


@pytest.mark.usefixtures("association_id")
def test_associations_are_listed_by_service_account(client: Client, cluster: str) -> None:
    eks = client("eks")
    ours = eks.list_pod_identity_associations(clusterName=cluster, **WORKER)
    assert [each["serviceAccount"] for each in ours["associations"]] == ["worker"]
    others = eks.list_pod_identity_associations(clusterName=cluster, namespace="kube-system")
    assert others["associations"] == []


def test_a_deleted_association_is_not_found(
    client: Client, cluster: str, association_id: str
) -> None:
    eks = client("eks")
    named = {"clusterName": cluster, "associationId": association_id}
    eks.delete_pod_identity_association(**named)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eks.describe_pod_identity_association(**named)


def test_an_arn_that_is_not_a_roles_is_refused(client: Client, cluster: str) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        client("eks").create_pod_identity_association(
            clusterName=cluster, roleArn="worker", **WORKER
        )
