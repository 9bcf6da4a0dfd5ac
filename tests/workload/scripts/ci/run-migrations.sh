#!/bin/sh
# Stands for a schema migration: fails unless it is given the environment that the service itself gets.
# EXPECT_POSTGRES=no is for a service that uses no database.
set -eu

required="NATS_URL NATS_STREAM_NAME NATS_CONSUMER_GROUP"
if [ "${EXPECT_POSTGRES:-yes}" = yes ]; then
    required="$required POSTGRES_HOST POSTGRES_PORT POSTGRES_DB POSTGRES_USER POSTGRES_PASSWORD"
fi

for name in $required; do
    if ! printenv "$name" >/dev/null; then
        echo "Error: $name is not set; the migrations need the service's own environment" >&2
        exit 1
    fi
done

echo "migrated for $(cat VERSION): database ${POSTGRES_DB:-none} at ${POSTGRES_HOST:-none}:${POSTGRES_PORT:-none}, stream $NATS_STREAM_NAME"
