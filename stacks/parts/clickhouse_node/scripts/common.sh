# shellcheck shell=bash
# Shared start of every script of a ClickHouse node. It is sourced, never run.
set -euo pipefail
umask 077
set -a
# shellcheck source=/dev/null
. "${NODE_ENV:-/etc/clickhouse-node/node.env}"
set +a

# RUN_FOLDER is in memory, so that secrets, above all the authority's key, never reach a disk.
WORK=$(mktemp -d -p "$RUN_FOLDER")
trap 'rm -rf "$WORK"' EXIT

log() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

fail() {
  log "$@"
  exit 1
}

# Prints a secret's value. Status 3: the secret has no value yet.
secret() {
  aws secretsmanager get-secret-value --secret-id "$1" --version-stage "${2:-AWSCURRENT}" \
    --query SecretString --output text 2>"$WORK/error" && return
  if grep -q ResourceNotFoundException "$WORK/error"; then return 3; fi
  cat "$WORK/error" >&2
  return 1
}

# Waits for a secret's value and prints it. It fails after four minutes; systemd then starts it again.
await_secret() {
  local delay=2
  until secret "$1"; do
    if ((delay > PATIENCE_SECONDS)); then fail "$1 still has no value"; fi
    log "waiting ${delay}s for $1"
    sleep "$delay"
    delay=$((delay * 2))
  done
}

# Writes standard input to file $1, readable by ClickHouse. It replaces the file in one step, only if it differs.
place() {
  local new
  new=$(mktemp "$1.XXXXXX")
  cat >"$new"
  chgrp clickhouse "$new"
  chmod 0640 "$new"
  if cmp -s "$new" "$1"; then rm "$new"; else mv "$new" "$1"; fi
}

query() { clickhouse-client --config-file "$CLIENT_CONFIG" --query "$1"; }
