#!/usr/bin/env bash
# Lists the complete backups, or restores one on all nodes.
#   restore.sh                      the names, oldest first
#   restore.sh NAME AS DATABASE     as a second database, for a look or a drill
#   restore.sh NAME                 under the database's own name; its tables must not exist
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

if [ $# = 0 ]; then
  aws s3api list-objects-v2 --bucket "$BACKUP_BUCKET" --prefix "$BACKUP_PREFIX/" --delimiter / \
    --query "Contents[?ends_with(Key, '.complete')].[Key]" --output text |
    sed -e '/^None$/d' -e "s#^$BACKUP_PREFIX/##" -e 's/\.complete$//'
  exit
fi
[[ $1 =~ ^[0-9TZ-]+$ ]] || fail "'$1' is not a backup's name; run without arguments to list them"
target=$DATABASE
if [ $# -gt 1 ]; then
  [[ $# = 3 && $2 == AS && $3 =~ ^[a-z_][a-z0-9_]*$ ]] || fail "use: restore.sh NAME [AS DATABASE]"
  target=$3
fi
query "RESTORE DATABASE $DATABASE AS $target ON CLUSTER $CLUSTER FROM Disk('backups', '$1')"
