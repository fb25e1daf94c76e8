#!/bin/sh
# Makes Temporal's two databases where they are missing, and brings their schemas up to this version; safe to repeat.
# By the commands of temporalio/samples-server (compose/scripts/setup-postgres.sh).
set -eu
SQL_PASSWORD=$(cat "${TEMPORAL_PASSWORD_FILE:-/run/secrets/temporal_password}")
export SQL_PASSWORD
schemas=${TEMPORAL_SCHEMAS:-/etc/temporal/schema/postgresql/v12}

for database in temporal temporal_visibility; do
  tool() {
    temporal-sql-tool --plugin postgres12 --ep "${POSTGRES_SEEDS:-postgres}" -p "${DB_PORT:-5432}" -u temporal \
      --db "$database" "$@"
  }
  folder=$schemas/${database#temporal_}/versioned
  # Each leaves alone what is there already; a schema that is newer than 0.0 keeps its version.
  tool create
  tool setup-schema -v 0.0
  tool update-schema -d "$folder"
done
