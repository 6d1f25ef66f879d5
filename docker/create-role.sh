#!/bin/sh
# Runs once, when the database is made: the application's role is none that the wall between tenants lets through.
set -eu
psql --username "$POSTGRES_USER" --dbname postgres --set=password="$STEPWISE_DB_PASSWORD" <<'SQL'
CREATE ROLE stepwise LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE stepwise OWNER stepwise;
SQL
