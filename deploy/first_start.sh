#!/bin/sh
# Runs once, when the PostgreSQL container finds an empty volume: makes the roles, the database and the extensions.
set -eu
psql --no-psqlrc --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set owner_password="$OWNER_DATABASE_PASSWORD" --set app_password="$APP_DATABASE_PASSWORD" \
    --file "${ROLES_FILE:-/msportal/roles.sql}"
