-- The database roles of the portal. Run it with psql as a superuser, before the first migration and after every one:
--   psql "$SUPERUSER_URL" -f deploy/roles.sql
-- Other names: -v database=… -v owner=… -v web=… -v runner=…   It may be run again at any time, and sets no passwords.
--
--   owner   owns the tables and migrates; nobody serves with it, as an owner can switch triggers off
--   web     what gunicorn signs in as: reads and writes rows, appends to the audit trail and to history
--   runner  what the cluster and the clock sign in as: the same for the tables of changes, nothing of sessions, people or tokens

\set ON_ERROR_STOP on
\if :{?database} \else \set database lockgate \endif
\if :{?owner} \else \set owner lockgate_owner \endif
\if :{?web} \else \set web lockgate_web \endif
\if :{?runner} \else \set runner lockgate_queue \endif

SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY[:'owner', :'web', :'runner']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

\connect :"database"
BEGIN;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"web", :"runner";
REVOKE CREATE ON SCHEMA public FROM PUBLIC;  -- everybody's before PostgreSQL 15
GRANT USAGE, CREATE ON SCHEMA public TO :"owner";
GRANT USAGE ON SCHEMA public TO :"web", :"runner";

-- From scratch each time, so that nothing stays that is no longer meant.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, :"web", :"runner";
GRANT SELECT ON ALL TABLES IN SCHEMA public TO :"web", :"runner";

-- What is append-only, or never deleted, by its trigger is so by its grants, too: events, history, decisions, runs and what they found.
CREATE TEMP VIEW portal_table AS
SELECT pg_class.oid::regclass::text AS name, relname,
       CASE (SELECT min(substring(tgname FROM '^pgtrigger_(append_only|kept)_')) FROM pg_trigger WHERE tgrelid = pg_class.oid)
           WHEN 'append_only' THEN '' WHEN 'kept' THEN ', UPDATE' ELSE ', UPDATE, DELETE' END AS more
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'django_migrations';

SELECT format('GRANT INSERT%s ON %s TO %I', more, name, :'web')
FROM portal_table \gexec
SELECT format('GRANT INSERT%s ON %s TO %I', more, name, :'runner')
FROM portal_table WHERE relname ~ '^(governance|django_q)_' AND relname !~ 'token' \gexec
SELECT format('REVOKE ALL ON %s FROM %I', name, :'runner')
FROM portal_table WHERE relname = 'django_session' OR relname ~ 'token' \gexec
DROP VIEW portal_table;
COMMIT;
