#!/usr/bin/env bash
# Writes the passwords of Secrets Manager into ClickHouse's configuration. ClickHouse notices a change.
# The previous password stays valid, so that clients that still have it keep working.
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

# Prints the value that secret $1 had before its current one, or nothing.
previous() { secret "$1" AWSPREVIOUS || [ $? = 3 ]; }

field() { jq --raw-output ".$1 // error(\"no $1\") | @html"; } # @html escapes what XML reserves

# Prints the password hashes of user $1. The values $2 and following are its secret's values.
authentication() {
  local value name hash number=0
  echo "<$1><auth_methods>"
  for value in "${@:2}"; do
    name=$(field username <<<"$value")
    [ "$name" = "$1" ] || fail "found the credentials of $name instead of $1"
    hash=$(jq --join-output '.password // error("no password")' <<<"$value" | sha256sum | cut -d' ' -f1)
    number=$((number + 1))
    echo "<method$number><password_sha256_hex>$hash</password_sha256_hex></method$number>"
  done
  echo "</auth_methods></$1>"
}

credentials() {
  echo "<user>$(field username <<<"$1")</user><password>$(field password <<<"$1")</password>"
}

admin=$(await_secret "$ADMIN_SECRET")
interserver=$(await_secret "$INTERSERVER_SECRET")
old_interserver=$(previous "$INTERSERVER_SECRET")

{
  echo "<clickhouse><users>"
  for account in $ACCOUNTS; do # USER=SECRET
    password=$(await_secret "${account#*=}")
    old_password=$(previous "${account#*=}")
    authentication "${account%%=*}" "$password" ${old_password:+"$old_password"}
  done
  echo "</users></clickhouse>"
} >"$WORK/users.xml"

{
  echo "<clickhouse><interserver_http_credentials>"
  credentials "$interserver"
  if [ -n "$old_interserver" ]; then echo "<old>$(credentials "$old_interserver")</old>"; fi
  echo "</interserver_http_credentials>"
  echo "<remote_servers><$CLUSTER><secret>$(field password <<<"$interserver")</secret>"
  echo "</$CLUSTER></remote_servers></clickhouse>"
} >"$WORK/interserver.xml"

{
  echo "<config><host>$HOST</host><port>$NATIVE_PORT</port><secure>1</secure>"
  credentials "$admin"
  echo "<openSSL><client><caConfig>$TLS_FOLDER/ca.crt</caConfig>"
  echo "<loadDefaultCAFile>false</loadDefaultCAFile></client></openSSL></config>"
} >"$WORK/client.xml"

place "$SERVER_FOLDER/users.d/20-accounts.xml" <"$WORK/users.xml"
place "$SERVER_FOLDER/config.d/20-interserver.xml" <"$WORK/interserver.xml"
install -m 0600 "$WORK/client.xml" "$CLIENT_CONFIG"
