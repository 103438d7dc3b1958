#!/usr/bin/env bash
# Installs the pinned ClickHouse from its makers' repository, if its key is the one we know.
# shellcheck source=stacks/clickhouse_node/scripts/common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"
umask 022

# The data volume outlives the instance, so its files' owner must have the same number on the next.
if ! getent passwd clickhouse >/dev/null; then
  groupadd --system --gid "$CLICKHOUSE_UID" clickhouse
  useradd --system --uid "$CLICKHOUSE_UID" --gid clickhouse --home-dir /nonexistent \
    --shell /sbin/nologin clickhouse
fi
chown clickhouse:clickhouse "$DATA_FOLDER"

if rpm -q "clickhouse-server-$CLICKHOUSE_VERSION" >/dev/null; then exit 0; fi

# dnf has gpg check the index, and the system's minimal gpg has no agent.
if rpm -q gnupg2-minimal >/dev/null; then dnf swap -y gnupg2-minimal gnupg2-full; fi
curl --fail --silent --show-error --proto '=https' --retry 5 \
  --output "$WORK/key" "$REPOSITORY/repodata/repomd.xml.key"
gpg --homedir "$WORK" --batch --with-colons --show-keys "$WORK/key" >"$WORK/listing"
fingerprint=$(awk -F: '$1 == "fpr" { print $10; exit }' "$WORK/listing")
keys=$(grep -c '^pub:' "$WORK/listing")
[ "$keys $fingerprint" = "1 $REPOSITORY_KEY" ] ||
  fail "the repository's key is $fingerprint ($keys keys), not $REPOSITORY_KEY"
install -m 0644 "$WORK/key" "$REPOSITORY_KEY_FILE"

# The packages are not signed one by one: the signed index holds their checksums, and dnf checks both.
dnf install -y --enablerepo=clickhouse jq "clickhouse-common-static-$CLICKHOUSE_VERSION" \
  "clickhouse-server-$CLICKHOUSE_VERSION" "clickhouse-client-$CLICKHOUSE_VERSION"
