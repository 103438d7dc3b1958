-- The application's role and its own schema. Run by RDS's master user, which is no superuser, and
-- safe to run again. Variables: app_user, app_password, app_schema, database, and preview_schema where
-- pull requests get previews.

SELECT format('CREATE ROLE %I LOGIN', :'app_user')
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = :'app_user')
\gexec

-- A server that logs DDL logs ALTER ROLE word for word, but not what a block executes. The error is
-- raised anew because the original would quote the statement.
SET LOCAL eval_platform.app_user = :'app_user';
SET LOCAL eval_platform.app_password = :'app_password';
DO $$
BEGIN
  EXECUTE format(
    'ALTER ROLE %I PASSWORD %L',
    current_setting('eval_platform.app_user'),
    current_setting('eval_platform.app_password')
  );
EXCEPTION WHEN OTHERS THEN
  RAISE EXCEPTION 'cannot set the password of the application role (SQLSTATE %)', SQLSTATE;
END
$$;

-- Nobody connects because the database exists; the application does because it may.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO :"app_user";
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- To give a schema away, one has to be a member of its new owner.
GRANT :"app_user" TO CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS :"app_schema" AUTHORIZATION :"app_user";
ALTER ROLE :"app_user" IN DATABASE :"database" SET search_path = :"app_schema";
\if :{?preview_schema}
CREATE SCHEMA IF NOT EXISTS :"preview_schema" AUTHORIZATION :"app_user";
\endif
