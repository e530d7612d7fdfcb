-- Roles, database and extensions of MSPortal. Run by psql as a superuser, as often as you like:
--
--   psql -v ON_ERROR_STOP=1 -v owner_password=… -v app_password=… -f roles.sql postgres
--
-- Variables, all optional: database (default portal), owner_password, app_password.
-- portal_owner   owns the tables and migrates               (DATABASE_OWNER_URL)
-- portal_app     serves; owns nothing, row security applies  (DATABASE_URL)
-- portal_system  no log-in; entered by SET LOCAL ROLE from a few named functions
-- portal_search  no log-in; owns the search functions

\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;
\if :{?database}
\else
  \set database portal
\endif

-- One at a time on a server: who changes a role while another does is refused ("tuple concurrently updated"). Let go at \connect.
SELECT pg_advisory_lock(hashtext('portal roles')) \g /dev/null

SELECT format('CREATE ROLE %I NOINHERIT %s', name, login)
FROM (VALUES ('portal_owner', 'LOGIN'), ('portal_app', 'LOGIN'), ('portal_system', 'NOLOGIN'), ('portal_search', 'NOLOGIN'))
  AS wanted (name, login)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

-- A role that somebody made stronger before would switch row security off in silence.
DO $check$
DECLARE strong text;
BEGIN
  SELECT string_agg(rolname, ', ') INTO strong FROM pg_roles
  WHERE rolname IN ('portal_owner', 'portal_app', 'portal_system', 'portal_search') AND (rolsuper OR rolbypassrls);
  IF strong IS NOT NULL THEN
    RAISE EXCEPTION '% must be neither superuser nor BYPASSRLS: ALTER ROLE … NOSUPERUSER NOBYPASSRLS first', strong;
  END IF;
END
$check$;

ALTER ROLE portal_app NOINHERIT;
ALTER ROLE portal_owner NOINHERIT;
-- Pages ask many short questions: compiling a plan costs more than running it (55 ms of a list page at a million tickets).
ALTER ROLE portal_app SET jit = off;
\if :{?owner_password}
  ALTER ROLE portal_owner PASSWORD :'owner_password';
\endif
\if :{?app_password}
  ALTER ROLE portal_app PASSWORD :'app_password';
\endif

-- SET without INHERIT: nobody has these roles' rights by accident. PostgreSQL 15 says it by NOINHERIT on the member.
SELECT current_setting('server_version_num')::int >= 160000 AS options \gset
\if :options
  GRANT portal_system TO portal_app WITH INHERIT FALSE, SET TRUE;
  GRANT portal_system, portal_search TO portal_owner WITH INHERIT FALSE, SET TRUE;
\else
  GRANT portal_system TO portal_app;
  GRANT portal_system, portal_search TO portal_owner;
\endif

SELECT format('CREATE DATABASE %I OWNER portal_owner TEMPLATE template0 ENCODING ''UTF8''', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec

REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO portal_app;

\connect :"database"
SET client_min_messages = warning;
-- The lock before was the other database's: locks of this kind count within one.
SELECT pg_advisory_lock(hashtext('portal roles')) \g /dev/null
-- Owned outright: as a NOINHERIT role the owner would not have the rights of pg_database_owner on PostgreSQL 15.
ALTER SCHEMA public OWNER TO portal_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO portal_app, portal_system, portal_search;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
