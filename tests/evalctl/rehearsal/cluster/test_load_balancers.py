"""Which Ingress gets the name of a load balancer."""

from lightkube.resources.networking_v1 import Ingress

from evalctl.rehearsal.cluster.load_balancers import without_address
from evalctl.rehearsal.cluster.state import Snapshot, name_of
from tests.evalctl.rehearsal.cluster.objects import of


def ingress(name: str, class_: str, hostname: str | None = None) -> Ingress:
    status = {"loadBalancer": {"ingress": [{"hostname": hostname}]}} if hostname else {}
    return of(
        Ingress,
        {"metadata": {"name": name}, "spec": {"ingressClassName": class_}, "status": status},
    )


def test_an_ingress_of_the_controllers_class_gets_one_address() -> None:
    ingresses = ingress("new", "alb"), ingress("old", "alb", "a.elb"), ingress("other", "nginx")
    found = without_address(Snapshot(ingresses=ingresses))
    assert [name_of(item) for item in found] == ["new"]
