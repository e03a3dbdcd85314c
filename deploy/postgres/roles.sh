#!/bin/sh
# The roles of Minitwit's database: makes what is missing, and sets every password to what its secret says.
#
#   minitwit             owns the database; the app, its migrations and its backups
#   minitwit_grafana     reads the views in the schema dashboards, and nothing else
#   minitwit_exporter    reads Postgres' own statistics (pg_monitor), and no table of ours
#
# The image runs it once, when the database is made (/docker-entrypoint-initdb.d). It may run again at any time, as the
# container's user, and then changes the passwords:
#
#   scripts/secrets rotate minitwit_db_password
#   docker compose exec postgres /docker-entrypoint-initdb.d/roles.sh
#   docker compose up --detach --no-deps --force-recreate minitwit-1     and so on, one by one: they read it at start
#
# Connections that are open stay open. If it fails the first time, Postgres stays behind without the roles and does not
# try again by itself: the health check says so (it asks the database minitwit); run it by hand, as above.
set -eu

secrets=${SECRETS_DIRECTORY:-/run/secrets}
export secrets
for name in minitwit_db_password grafana_db_password exporter_db_password; do
    [ -s "$secrets/$name" ] || { echo "roles.sh: $secrets/$name is missing or empty" >&2; exit 1; }
done

# Secrets go from files into psql's variables, past command lines; psql quotes them.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\set minitwit `cat "$secrets/minitwit_db_password"`
\set grafana `cat "$secrets/grafana_db_password"`
\set exporter `cat "$secrets/exporter_db_password"`
-- A statement with a password must not get into the log, not even if it fails.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SET password_encryption = 'scram-sha-256';
SET client_min_messages = warning;

SELECT format('CREATE ROLE %I', name) FROM (VALUES ('minitwit'), ('minitwit_grafana'), ('minitwit_exporter')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE minitwit LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'minitwit';
ALTER ROLE minitwit_grafana LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'grafana' CONNECTION LIMIT 10;
ALTER ROLE minitwit_exporter LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'exporter' CONNECTION LIMIT 5;
-- A dashboard left open must not wear the database out.
ALTER ROLE minitwit_grafana SET default_transaction_read_only = on;
ALTER ROLE minitwit_grafana SET statement_timeout = '15s';
ALTER ROLE minitwit_exporter SET default_transaction_read_only = on;
ALTER ROLE minitwit_exporter SET statement_timeout = '10s';
GRANT pg_monitor TO minitwit_exporter;

SELECT 'CREATE DATABASE minitwit OWNER minitwit' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'minitwit') \gexec
-- Unless told otherwise, Postgres lets every role into every database.
REVOKE ALL ON DATABASE minitwit, postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE minitwit TO minitwit_grafana, minitwit_exporter;

\connect minitwit
SET client_min_messages = warning;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
-- Views that a migration makes here are readable from their first moment on.
CREATE SCHEMA IF NOT EXISTS dashboards AUTHORIZATION minitwit;
GRANT USAGE ON SCHEMA dashboards TO minitwit_grafana;
GRANT SELECT ON ALL TABLES IN SCHEMA dashboards TO minitwit_grafana;
ALTER DEFAULT PRIVILEGES FOR ROLE minitwit IN SCHEMA dashboards GRANT SELECT ON TABLES TO minitwit_grafana;
SQL
echo "roles.sh: roles, rights and passwords are set"
