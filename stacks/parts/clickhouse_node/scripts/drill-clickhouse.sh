#!/usr/bin/env bash
# Restores ClickHouse's newest backup as a second database on this node, compares it with the live one,
# and drops it.
# shellcheck source=drill.sh
. "$(dirname "$(readlink -f "$0")")/drill.sh"

scratch=${DATABASE}_restore_drill
drop() { query "DROP DATABASE IF EXISTS $scratch SYNC SETTINGS max_table_size_to_drop = 0"; }

name=$("$(dirname "$(readlink -f "$0")")/restore.sh" | tail -n 1)
[ -n "$name" ] || fail "there is no complete backup"
taken=$(date -d "${name:0:10} ${name:11:2}:${name:13:2}:${name:15:2} UTC" +%s)
require_recent "backup $name" "$taken"

drop # a former run's
remove_at_end drop
# The live data and what is restored are on one volume, which a drill must not fill.
room=$(query "
  SELECT (SELECT free_space FROM system.disks WHERE name = 'default')
       > (SELECT 2 * sum(bytes_on_disk) FROM system.parts WHERE active AND database = '$DATABASE')")
[ "$room" = 1 ] || fail "the volume has less free space than twice the live data; enlarge it"

log "restoring $name as $scratch"
# Without ON CLUSTER: the other nodes do nothing.
query "RESTORE DATABASE $DATABASE AS $scratch FROM Disk('backups', '$name')" >&2 ||
  fail "backup $name cannot be restored"

# The backup holds what was written an hour before it; 1 % is for rows that came late or expired since.
before="toDateTime($((taken - 3600)), 'UTC')"
for each in $CLICKHOUSE_ROWS; do
  table=${each%:*} column=${each#*:}
  found=$(query "
    SELECT count(), toUnixTimestamp(max($column)), countIf($column < $before),
           (SELECT countIf($column < $before) FROM $DATABASE.$table)
    FROM $scratch.$table") || fail "the restored $table cannot be read"
  read -r rows newest restored live <<<"$found"
  require_rows "$table" "$rows" "$newest"
  ((100 * restored >= 99 * live)) ||
    fail "the restored $table has $restored of the $live rows that it had an hour before the backup"
done
drop
proven ClickHouse
