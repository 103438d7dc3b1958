"""PostgreSQL's parameters: TLS only, SCRAM passwords, and logs without secrets or users' data."""

import cdktf
import constructs

from environments.names import Names
from stacks import aws

_IMMEDIATE = {
    "rds.force_ssl": "1",
    "ssl_min_protocol_version": "TLSv1.2",
    "rds.accepted_password_auth_method": "scram",
    "log_connections": "1",
    "log_disconnections": "1",
    "log_lock_waits": "1",
    "log_min_duration_statement": "1000",  # milliseconds
    # Slow statements are logged without the values bound to them: those are users' data.
    "log_parameter_max_length": "0",
    # log_statement would write a role's new password into the log; pgaudit redacts it.
    "log_statement": "none",
    "pgaudit.log": "ddl,role",
}
_AFTER_RESTART = {"shared_preload_libraries": "pg_stat_statements,pgaudit"}


def parameter_group(scope: constructs.Construct, *, names: Names) -> aws.DbParameterGroup:
    """The parameter group of the environment's PostgreSQL version."""
    family = f"postgres{names.env.database.engine_version}"
    return aws.DbParameterGroup(
        scope,
        "parameter-group",
        # During a major upgrade the groups of both families exist.
        name=names.aws(family),
        family=family,
        description="TLS only, SCRAM passwords, audited roles and schema",
        parameter=[
            aws.DbParameterGroupParameter(name=name, value=value, apply_method=apply_method)
            for apply_method, parameters in (
                ("immediate", _IMMEDIATE),
                (
                    "pending-reboot",
                    _AFTER_RESTART | {"max_connections": str(names.env.database.max_connections)},
                ),
            )
            for name, value in parameters.items()
        ],
        lifecycle=cdktf.TerraformResourceLifecycle(create_before_destroy=True),
    )
