#!/usr/bin/env bash
# Mounts the data volume. It formats the volume only if it is blank.
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

if mountpoint -q "$DATA_FOLDER"; then
  xfs_growfs "$DATA_FOLDER" >/dev/null # the volume may have been enlarged
  exit 0
fi

# Terraform attaches the volume once the instance runs.
for _ in {1..60}; do
  [ -e "$DATA_DEVICE" ] && break
  sleep "$ATTACH_POLL_SECONDS"
done
[ -e "$DATA_DEVICE" ] || fail "$DATA_DEVICE is not attached"

# Three guards: no signature, a first MiB of zeros, and mkfs.xfs itself refuses a device with a signature.
status=0
blkid -p "$DATA_DEVICE" >/dev/null || status=$?
if [ "$status" = 2 ]; then
  written=$(head -c 1M "$DATA_DEVICE" | tr -d '\0' | wc -c)
  [ "$written" = 0 ] || fail "$DATA_DEVICE holds data but no file system; not touching it"
  mkfs.xfs -L clickhouse "$DATA_DEVICE"
elif [ "$status" != 0 ]; then
  fail "blkid failed on $DATA_DEVICE with status $status; its content is unknown, not touching it"
fi

uuid=$(blkid -p -s UUID -o value "$DATA_DEVICE")
[ -n "$uuid" ] || fail "$DATA_DEVICE holds no file system that can be mounted by UUID"
sed -i "\\# $DATA_FOLDER #d" "$FSTAB"
echo "UUID=$uuid $DATA_FOLDER xfs defaults,noatime,nofail 0 2" >>"$FSTAB"
mkdir -p "$DATA_FOLDER"
systemctl daemon-reload
mount "$DATA_FOLDER"
xfs_growfs "$DATA_FOLDER" >/dev/null
