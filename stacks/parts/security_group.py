"""Security groups of the data stores, which only the cluster can reach."""

import constructs

from environments.names import Names
from stacks import aws


def reachable_from_cluster(
    scope: constructs.Construct,
    id_: str,
    *,
    names: Names,
    role: str,
    vpc_id: str,
    cluster_security_group_id: str,
    ports: dict[str, int],
) -> aws.SecurityGroup:
    """A group that admits the cluster's nodes and pods on `ports` and allows no outgoing traffic.

    `role` names the store, `ports` is protocol → TCP port, as in `{"postgres": 5432}`. A store that
    needs outgoing traffic adds its own egress rules.
    """
    group = aws.SecurityGroup(
        scope,
        id_,
        name=names.aws(role),
        description=f"{role}: connections from the cluster {names.cluster}",
        vpc_id=vpc_id,
        tags={"Name": names.aws(role)},
    )
    for protocol, port in ports.items():
        aws.VpcSecurityGroupIngressRule(
            scope,
            f"{id_}-{protocol}-from-cluster",
            security_group_id=group.id,
            description=f"{protocol} from the cluster",
            referenced_security_group_id=cluster_security_group_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
        )
    return group
