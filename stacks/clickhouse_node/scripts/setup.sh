#!/usr/bin/env bash
# Brings the node up. Every step can be repeated, so a failed one is simply run again.
HERE=$(dirname "$(readlink -f "$0")")
# shellcheck source=stacks/clickhouse_node/scripts/common.sh
. "$HERE/common.sh"

for step in volume install certificates accounts; do
  "$HERE/$step.sh"
done

systemctl enable --now clickhouse-server
for _ in {1..60}; do
  query 'SELECT 1' >/dev/null 2>&1 && break
  sleep 5
done
query "CREATE DATABASE IF NOT EXISTS $DATABASE ENGINE = Atomic"
systemctl enable --now clickhouse-{accounts,certificates,restart,backup}.timer
log "$HOST serves $DATABASE"
