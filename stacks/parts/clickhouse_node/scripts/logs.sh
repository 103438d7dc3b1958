#!/usr/bin/env bash
# Drops ClickHouse's own log tables that it no longer writes. After an upgrade or another TTL ClickHouse
# renames the old table (query_log_0) and never removes it.
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

query 'SYSTEM FLUSH LOGS' # makes this version's tables, so that the old ones have their new names
unused=$(query "
  SELECT name FROM system.tables
  WHERE database = 'system' AND engine LIKE '%MergeTree' AND match(name, '_log(_[0-9]+)?\$')
    AND NOT has(splitByChar(' ', '$SYSTEM_LOGS'), name)")
for table in $unused; do
  log "dropping system.$table"
  query "DROP TABLE system.$table SYNC SETTINGS max_table_size_to_drop = 0"
done
