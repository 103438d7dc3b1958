#!/usr/bin/env bash
# Restores PostgreSQL's newest automated snapshot into an instance of its own, reads its rows, and deletes
# it. The role that makes these calls can change no other instance and read no secret.
# shellcheck source=drill.sh
. "$(dirname "$(readlink -f "$0")")/drill.sh"

printf '[profile drill]\nrole_arn = %s\ncredential_source = %s\n' "$DRILL_ROLE" "$CREDENTIAL_SOURCE" \
  >"$WORK/aws-config"
drill() { AWS_CONFIG_FILE=$WORK/aws-config aws --profile drill "$@"; }

# Prints the instance's state, or "gone".
state() {
  if drill rds describe-db-instances --db-instance-identifier "$DRILL_INSTANCE" \
    --query 'DBInstances[0].DBInstanceStatus' --output text 2>"$WORK/error"; then
    return 0 # in a trap, a bare "return" would give the status from before the trap
  fi
  grep -q DBInstanceNotFound "$WORK/error" && echo gone && return 0
  cat "$WORK/error" >&2
  return 1
}

# Deletes the instance and waits. RDS refuses that in some states, so it tries again.
delete() {
  local deadline=$((SECONDS + DRILL_SECONDS)) now
  : >"$WORK/refused"
  until now=$(state) && [ "$now" = gone ]; do
    if ((SECONDS > deadline)); then
      log "$DRILL_INSTANCE is still there ($now): $(cat "$WORK/refused")"
      return 1
    fi
    [ "$now" = deleting ] || drill rds delete-db-instance --db-instance-identifier "$DRILL_INSTANCE" \
      --skip-final-snapshot --delete-automated-backups >/dev/null 2>"$WORK/refused" || true
    sleep "$DRILL_POLL_SECONDS"
  done
}

require_time() { ((SECONDS < DRILL_SECONDS)) || fail "not done after ${SECONDS}s: $1"; }

newest=$(drill rds describe-db-snapshots --db-instance-identifier "$POSTGRES_INSTANCE" \
  --snapshot-type automated --output text \
  --query "sort_by(DBSnapshots[?Status=='available'], &SnapshotCreateTime)[-1].[DBSnapshotIdentifier, SnapshotCreateTime]")
read -r snapshot taken <<<"$newest"
[ "$snapshot" != None ] || fail "$POSTGRES_INSTANCE has no automated snapshot"
require_recent "snapshot $snapshot" "$(date -d "$taken" +%s)"

[ "$(state)" = gone ] || log "deleting $DRILL_INSTANCE of a former run"
delete || fail "the instance of a former run cannot be deleted"
SECONDS=0
remove_at_end delete

group=$(drill ec2 describe-security-groups --filters "Name=group-name,Values=$DRILL_INSTANCE" \
  --query 'SecurityGroups[0].GroupId' --output text)
[ "$group" != None ] || fail "there is no security group $DRILL_INSTANCE; apply the stack clickhouse"
log "restoring $snapshot as $DRILL_INSTANCE"
drill rds restore-db-instance-from-db-snapshot --db-instance-identifier "$DRILL_INSTANCE" \
  --db-snapshot-identifier "$snapshot" --db-instance-class "$DRILL_CLASS" \
  --db-subnet-group-name "$POSTGRES_INSTANCE" --vpc-security-group-ids "$group" \
  --db-parameter-group-name "$POSTGRES_PARAMETERS" \
  --no-multi-az --no-publicly-accessible --no-deletion-protection >/dev/null ||
  fail "snapshot $snapshot cannot be restored"
until now=$(state) && [ "$now" = available ]; do
  case $now in gone | failed | restore-error | storage-full | incompatible-*)
    fail "snapshot $snapshot cannot be restored: $DRILL_INSTANCE is $now" ;;
  esac
  require_time "$DRILL_INSTANCE is $now"
  sleep "$DRILL_POLL_SECONDS"
done

# A new password of the restored master user, so that no secret is read. In files, not in arguments.
password=$(openssl rand -hex 24)
printf '{"DBInstanceIdentifier": "%s", "MasterUserPassword": "%s", "ApplyImmediately": true}' \
  "$DRILL_INSTANCE" "$password" >"$WORK/password.json"
drill rds modify-db-instance --cli-input-json "file://$WORK/password.json" >/dev/null
printf '*:*:*:*:%s\n' "$password" >"$WORK/pgpass"

address=$(drill rds describe-db-instances --db-instance-identifier "$DRILL_INSTANCE" --output text \
  --query 'DBInstances[0].[Endpoint.Address, Endpoint.Port, MasterUsername]')
read -r host port user <<<"$address"
curl --fail --silent --show-error --proto '=https' --retry 5 --output "$WORK/authorities" "$RDS_AUTHORITIES"
command -v psql >/dev/null || dnf install -y "$PSQL_PACKAGE" >&2
sql() {
  PGPASSFILE=$WORK/pgpass psql --no-psqlrc --no-password --quiet --tuples-only --no-align \
    --field-separator ' ' --set=ON_ERROR_STOP=1 --command "$1" \
    "host=$host port=$port user=$user dbname=$POSTGRES_DATABASE connect_timeout=10 sslmode=verify-full sslrootcert=$WORK/authorities"
}
# RDS changes the password within minutes.
until sql 'SELECT 1' >/dev/null 2>"$WORK/error"; do
  require_time "$(cat "$WORK/error")"
  sleep "$DRILL_POLL_SECONDS"
done

for each in $POSTGRES_ROWS; do
  table=${each%:*} column=${each#*:}
  found=$(sql "SELECT count(*), coalesce(extract(epoch FROM max($column))::bigint, 0) FROM $table") ||
    fail "the restored $table cannot be read"
  read -r rows newest <<<"$found"
  require_rows "$table" "$rows" "$newest"
done
delete || fail "$DRILL_INSTANCE cannot be deleted"
proven PostgreSQL
