# shellcheck shell=bash
# Shared start of the restore drills. It is sourced, never run.
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

# Removes what the drill made, with function $1, when the script ends: after a success, a failure, and a
# signal. After a SIGKILL the next drill does it.
remove_at_end() {
  REMOVE=$1
  trap '"$REMOVE" || log "the next drill removes what is left"; rm -rf "$WORK"' EXIT
}

# Fails unless backup $1 was made, at $2 (seconds since 1970), within the limit.
require_recent() {
  local hours=$((($(date +%s) - $2) / 3600))
  ((hours < DRILL_BACKUP_HOURS)) || fail "$1 is $hours hours old; the limit is $DRILL_BACKUP_HOURS"
}

# Fails unless the restored table $1 has rows ($2 of them), and one ($3, seconds since 1970) is recent.
require_rows() {
  (($2 > 0)) || fail "the restored $1 has no rows"
  local days=$((($(date +%s) - $3) / 86400))
  ((days < DRILL_ROW_DAYS)) ||
    fail "the newest row of the restored $1 is $days days old; the limit is $DRILL_ROW_DAYS"
  log "$1: $2 rows"
}

# An alert fires when this metric of store $1 is missing or too old.
proven() {
  aws cloudwatch put-metric-data --namespace "$METRICS_NAMESPACE" --metric-name "$LAST_RESTORE_METRIC" \
    --dimensions "Store=$1" --value "$(date +%s)"
  log "restored and checked the newest backup of $1"
}
