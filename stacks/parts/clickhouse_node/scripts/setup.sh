#!/usr/bin/env bash
# Sets the node up. Every step can be repeated, so systemd runs a failed set-up again.
HERE=$(dirname "$(readlink -f "$0")")
# shellcheck source=common.sh
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
"$HERE/logs.sh"
systemctl enable --now clickhouse-{accounts,certificates,restart,backup}.timer
# One node is enough for the restore drills.
if [ "$NODE_INDEX" = 1 ]; then systemctl enable --now clickhouse-drill-{clickhouse,postgres}.timer; fi
log "$HOST serves $DATABASE"
