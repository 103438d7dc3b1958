#!/usr/bin/env bash
# Restarts ClickHouse when a certificate is newer than its start. Keeper reads certificates only at start.
# Every node restarts in its own hour of the day, and never while a peer is down.
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

started=$(systemctl show --property=ActiveEnterTimestamp --value clickhouse-server)
changed=$(stat --format=%Y "$TLS_FOLDER"/{trust,node}.crt | sort -n | tail -n 1)
((changed > $(date -d "$started" +%s))) || exit 0

up=$(query "SELECT count() FROM clusterAllReplicas('$CLUSTER', system.one)
            SETTINGS skip_unavailable_shards = 1")
[ "$up" = "$NODES" ] || fail "$up of $NODES nodes answer; restarting another day"
log "restarting for a new certificate"
systemctl restart clickhouse-server
