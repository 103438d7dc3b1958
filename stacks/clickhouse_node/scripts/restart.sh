#!/usr/bin/env bash
# Restarts ClickHouse when a certificate changed since it started: Keeper reads them only then.
# Every node has an hour of the day to itself for this, and keeps still while a peer is down.
# shellcheck source=stacks/clickhouse_node/scripts/common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

started=$(systemctl show --property=ActiveEnterTimestamp --value clickhouse-server)
changed=$(stat --format=%Y "$TLS_FOLDER"/{trust,node}.crt | sort -n | tail -n 1)
((changed > $(date -d "$started" +%s))) || exit 0

up=$(query "SELECT count() FROM clusterAllReplicas('$CLUSTER', system.one)
            SETTINGS skip_unavailable_shards = 1")
[ "$up" = "$NODES" ] || fail "$up of $NODES nodes answer; restarting another day"
log "restarting for a new certificate"
systemctl restart clickhouse-server
