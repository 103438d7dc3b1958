#!/usr/bin/env bash
# Installs the pinned ClickHouse version from its vendor's repository, after checking the repository's key.
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"
umask 022

# The data volume outlives the instance. The owner of its files needs the same uid on the next one.
if ! getent passwd clickhouse >/dev/null; then
  groupadd --system --gid "$CLICKHOUSE_UID" clickhouse
  useradd --system --uid "$CLICKHOUSE_UID" --gid clickhouse --home-dir /nonexistent \
    --shell /sbin/nologin clickhouse
fi
chown clickhouse:clickhouse "$DATA_FOLDER"

if rpm -q "clickhouse-server-$CLICKHOUSE_VERSION" >/dev/null; then exit 0; fi

# dnf checks the index with gpg. The system's minimal gpg has no agent.
if rpm -q gnupg2-minimal >/dev/null; then dnf swap -y gnupg2-minimal gnupg2-full; fi
curl --fail --silent --show-error --proto '=https' --retry 5 \
  --output "$WORK/key" "$REPOSITORY/repodata/repomd.xml.key"
gpg --homedir "$WORK" --batch --with-colons --show-keys "$WORK/key" >"$WORK/listing"
fingerprint=$(awk -F: '$1 == "fpr" { print $10; exit }' "$WORK/listing")
keys=$(grep -c '^pub:' "$WORK/listing")
[ "$keys $fingerprint" = "1 $REPOSITORY_KEY" ] ||
  fail "the repository's key is $fingerprint ($keys keys), not $REPOSITORY_KEY"
install -m 0644 "$WORK/key" "$REPOSITORY_KEY_FILE"

# The packages have no signatures. The signed index holds their checksums, and dnf checks both.
dnf install -y --enablerepo=clickhouse jq "clickhouse-common-static-$CLICKHOUSE_VERSION" \
  "clickhouse-server-$CLICKHOUSE_VERSION" "clickhouse-client-$CLICKHOUSE_VERSION"
