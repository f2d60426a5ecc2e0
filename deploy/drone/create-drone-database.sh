#!/bin/sh
# Runs once, in a new database: Drone gets a database and a user of its own beside Gitea's.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set password="$DRONE_DATABASE_PASSWORD" <<'SQL'
CREATE USER drone WITH PASSWORD :'password';
CREATE DATABASE drone OWNER drone;
SQL
