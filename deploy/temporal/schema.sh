#!/bin/sh
# Makes or upgrades the two databases of Temporal in PostgreSQL. Safe to run again: what is there is left, or brought up to date.
set -eu
SQL_PASSWORD=$(cat /run/secrets/postgres_password)
export SQL_PASSWORD
schema=/etc/temporal/schema/postgresql/v12

tool() {
  database=$1
  shift
  temporal-sql-tool --plugin postgres12 --ep postgresql --port 5432 --user temporal --db "$database" "$@"
}

for pair in temporal:temporal temporal_visibility:visibility; do
  database=${pair%%:*}
  # Both fail where it is there already; the update then says whether all is well.
  tool "$database" create || true
  tool "$database" setup-schema -v 0.0 || true
  tool "$database" update-schema -d "$schema/${pair##*:}/versioned"
done
