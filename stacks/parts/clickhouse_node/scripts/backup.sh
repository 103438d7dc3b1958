#!/usr/bin/env bash
# Backs the database up to S3 once a day, on the first node that claims the day.
# Every backup is complete in itself. The bucket's lifecycle rule removes it after the retention time.
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

day=$(date -u +%F)
name=$(date -u +%FT%H%M%SZ)-$NODE_INDEX
claim=$BACKUP_PREFIX/$day.claim
printf '%s %s\n' "$HOST" "$name" >"$WORK/claim"

put() { aws s3api put-object --bucket "$BACKUP_BUCKET" --key "$1" --body "$WORK/claim" "${@:2}" >/dev/null; }

# S3 accepts exactly one of several conditional writes.
claim_day() {
  local etag written age
  put "$claim" --if-none-match '*' 2>"$WORK/error" && return
  grep -Eq 'PreconditionFailed|ConditionalRequestConflict' "$WORK/error" || fail "$(cat "$WORK/error")"
  read -r etag written < <(aws s3api head-object --bucket "$BACKUP_BUCKET" --key "$claim" \
    --query '[ETag, LastModified]' --output text) || return
  age=$(($(date +%s) - $(date -d "$written" +%s)))
  ((age > CLAIM_SECONDS)) || return
  log "taking over a claim that is ${age}s old"
  put "$claim" --if-match "$etag" 2>/dev/null
}

finished=$(aws s3api list-objects-v2 --bucket "$BACKUP_BUCKET" --prefix "$BACKUP_PREFIX/$day" \
  --delimiter / --query "Contents[?ends_with(Key, '.complete')].Key" --output text)
if [ -n "$finished" ] && [ "$finished" != None ]; then exit 0; fi

# A node that lags or has an empty volume would save less than its peers hold. A new node whose only peer
# is down would save nothing.
behind=$(query "
  SELECT (SELECT count() FROM system.replicas
          WHERE database = '$DATABASE' AND (is_readonly OR absolute_delay > 300)) > 0
      OR (SELECT count() FROM system.tables WHERE database = '$DATABASE')
       < (SELECT greatest(max(tables), 1) FROM (
            SELECT count() AS tables FROM clusterAllReplicas('$CLUSTER', system.tables)
            WHERE database = '$DATABASE' GROUP BY hostName()))
  SETTINGS skip_unavailable_shards = 1")
[ "$behind" = 0 ] || fail "this node is behind its peers; leaving the backup to them"

if ! claim_day; then
  log "another node has claimed $day"
  exit 0
fi
log "backing up $DATABASE as $name"
if ! query "BACKUP DATABASE $DATABASE TO Disk('backups', '$name')" >&2; then
  aws s3api delete-object --bucket "$BACKUP_BUCKET" --key "$claim" >/dev/null
  fail "backup $name failed; the next run, here or on another node, tries again"
fi
put "$BACKUP_PREFIX/$name.complete"
# An alert fires when this metric is missing for a day and a half.
aws cloudwatch put-metric-data --namespace "$METRICS_NAMESPACE" --metric-name "$BACKUPS_METRIC" --value 1
