#!/bin/sh
# Applies the migrations that ClickHouse's journal does not have yet, in order, and notes each.
# Needs: CLIENT_CONFIG, a clickhouse-client's configuration file; SCHEMA, the folder with journal.sql
# and the migrations; JOURNAL, the journal's table.
set -eu

ask() { clickhouse-client --config-file "$CLIENT_CONFIG" "$@"; }

# A statement on the cluster waits for every node. When nothing is new, one node is enough.
exists=$(ask --query "EXISTS TABLE $JOURNAL")
if [ "$exists" = 0 ]; then ask --queries-file "$SCHEMA/journal.sql"; fi

for file in "$SCHEMA"/[0-9]*.sql; do
  name=${file##*/}
  version=${name%%-*}
  checksum=$(sha256sum "$file")
  checksum=${checksum%% *}
  noted=$(ask --query "SELECT checksum FROM $JOURNAL WHERE version = toUInt32('$version') LIMIT 1")
  if [ "$noted" = "$checksum" ]; then
    echo "$name: was applied before"
    continue
  elif [ -n "$noted" ]; then
    echo "$name: this cluster applied it with another text (sha256 $noted, now $checksum)." >&2
    echo "A merged migration never changes: take the edit back and write the next number." >&2
    exit 1
  fi
  ask --queries-file "$file"
  ask --query "INSERT INTO $JOURNAL (version, name, checksum) VALUES (toUInt32('$version'), '$name', '$checksum')"
  echo "$name: applied"
done
