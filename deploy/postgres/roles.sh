#!/bin/bash
# Runs once, in an empty database server: a role and a database for Everhook, and a role for Temporal, which makes its
# own two databases (deploy/temporal/schema.sh). Neither is a superuser.
set -eu
psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set everhook="$(cat /run/secrets/everhook_password)" --set temporal="$(cat /run/secrets/temporal_password)" <<'SQL'
create role everhook login password :'everhook';
create role temporal login createdb password :'temporal';
create database everhook owner everhook;
SQL
