#!/bin/sh
# Applies the migrations that are not in ClickHouse's journal, in order, and adds each to the journal.
# Needs: CLIENT_CONFIG, a clickhouse-client's configuration file; SCHEMA, the folder with journal.sql
# and the migrations; JOURNAL, the journal's table.
set -eu

client() { clickhouse-client --config-file "$CLIENT_CONFIG" "$@"; }

# A statement on the cluster waits for every node. When nothing is new, one node is enough.
exists=$(client --query "EXISTS TABLE $JOURNAL")
if [ "$exists" = 0 ]; then client --queries-file "$SCHEMA/journal.sql"; fi

for file in "$SCHEMA"/[0-9]*.sql; do
  name=${file##*/}
  version=${name%%-*}
  checksum=$(sha256sum "$file")
  checksum=${checksum%% *}
  journaled=$(client --query "SELECT checksum FROM $JOURNAL WHERE version = toUInt32('$version') LIMIT 1")
  if [ "$journaled" = "$checksum" ]; then
    echo "$name: is already applied"
    continue
  elif [ -n "$journaled" ]; then
    echo "$name: the journal has another text of it (sha256 $journaled, now $checksum)." >&2
    echo "A merged migration never changes: undo the edit and add a migration with the next number." >&2
    exit 1
  fi
  client --queries-file "$file"
  client --query "INSERT INTO $JOURNAL (version, name, checksum) VALUES (toUInt32('$version'), '$name', '$checksum')"
  echo "$name: applied"
done
