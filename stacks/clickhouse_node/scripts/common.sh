# shellcheck shell=bash
# What every script of a ClickHouse node starts with; sourced, never run.
set -euo pipefail
umask 077
set -a
# shellcheck source=/dev/null
. "${NODE_ENV:-/etc/clickhouse-node/node.env}"
set +a

# In memory: what passes through here, the authority's key above all, never reaches a disk.
WORK=$(mktemp -d -p "$RUN_FOLDER")
trap 'rm -rf "$WORK"' EXIT

log() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

fail() {
  log "$@"
  exit 1
}

# Prints a secret's value. Status 3: it has none yet, which is no reason to give up.
secret() {
  aws secretsmanager get-secret-value --secret-id "$1" --version-stage "${2:-AWSCURRENT}" \
    --query SecretString --output text 2>"$WORK/error" && return
  if grep -q ResourceNotFoundException "$WORK/error"; then return 3; fi
  cat "$WORK/error" >&2
  return 1
}

# Prints a secret's value once it has one; gives up after four minutes and systemd starts anew.
await_secret() {
  local delay=2
  until secret "$1"; do
    if ((delay > PATIENCE_SECONDS)); then fail "$1 still has no value"; fi
    log "waiting ${delay}s for $1"
    sleep "$delay"
    delay=$((delay * 2))
  done
}

# Puts standard input into file $1, readable by ClickHouse, in one step and only when it differs.
place() {
  local new
  new=$(mktemp "$1.XXXXXX")
  cat >"$new"
  chgrp clickhouse "$new"
  chmod 0640 "$new"
  if cmp -s "$new" "$1"; then rm "$new"; else mv "$new" "$1"; fi
}

query() { clickhouse-client --config-file "$CLIENT_CONFIG" --query "$1"; }
