-- Creates the application's role and its schema. RDS's master user runs it, which is no superuser. It can
-- run again. Variables: app_user, app_password, app_schema, database, and preview_schema if pull requests
-- get previews.

SELECT format('CREATE ROLE %I LOGIN', :'app_user')
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = :'app_user')
\gexec

-- A server that logs DDL logs the whole text of ALTER ROLE, but not the statements of a DO block. The block
-- raises an error of its own, because the original error quotes the statement.
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

-- PostgreSQL lets every role connect to a new database. Only the application keeps this right.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO :"app_user";
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- A role must be a member of the schema's new owner to transfer the schema.
GRANT :"app_user" TO CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS :"app_schema" AUTHORIZATION :"app_user";
ALTER ROLE :"app_user" IN DATABASE :"database" SET search_path = :"app_schema";
\if :{?preview_schema}
CREATE SCHEMA IF NOT EXISTS :"preview_schema" AUTHORIZATION :"app_user";
\endif
