#!/bin/sh
# Creates Temporal's two databases, or brings those of an older server up to date. Does no harm when it is run again.
# temporal-sql-tool takes plugin, host, port, user and password from SQL_*.
set -eu

schemas=${TEMPORAL_SCHEMAS:-/etc/temporal/schema/postgresql/v12}

set_up() {
  temporal-sql-tool --database "$1" create-database
  temporal-sql-tool --database "$1" setup-schema --version 0.0
  temporal-sql-tool --database "$1" update-schema --schema-dir "$schemas/$2/versioned"
}

set_up temporal temporal
set_up temporal_visibility visibility
