#!/usr/bin/env bash
# Issues the node's certificate from the private authority. The first node creates the authority.
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

cat >"$WORK/openssl.cnf" <<CONFIG
[req]
distinguished_name = name
prompt = no
[name]
CN = $HOST
[ca_name]
CN = $COMMON_HOST CA
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[node]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:$HOST, DNS:$COMMON_HOST
CONFIG

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

publish() {
  aws secretsmanager put-secret-value --secret-id "$1" --secret-string "file://$2" >/dev/null
}

# Prints the authority's secret $1. If it is empty, the first node fills it: function $2 writes to file $3.
authority() {
  local status=0
  secret "$1" || status=$?
  if [ "$status" = 3 ] && [ "$NODE_INDEX" = 1 ]; then
    log "creating $1"
    "$2" "$3"
    publish "$1" "$3"
    cat "$3"
  elif [ "$status" = 3 ]; then
    await_secret "$1"
  elif [ "$status" != 0 ]; then
    fail "cannot read $1"
  fi
}

new_authority_certificate() {
  sed 's/= name$/= ca_name/' "$WORK/openssl.cnf" >"$WORK/ca.cnf"
  openssl req -x509 -new -config "$WORK/ca.cnf" -extensions ca -sha256 -days 3650 \
    -key "$WORK/ca.key" -out "$1"
}

authority "$CA_KEY_SECRET" new_key "$WORK/new.key" >"$WORK/ca.key"
authority "$CA_SECRET" new_authority_certificate "$WORK/new.crt" >"$WORK/authority"
grep . "$WORK/authority" >"$WORK/ca.crt" # the same bytes for a new value and a stored one

# While the authority is replaced there are two certificates. Nodes trust both; one matches the key.
issuer=
csplit --silent --elide-empty-files --prefix="$WORK/ca-" "$WORK/ca.crt" \
  '/-----BEGIN CERTIFICATE-----/' '{*}'
for candidate in "$WORK"/ca-*; do
  if [ "$(openssl x509 -in "$candidate" -noout -pubkey)" = "$(openssl pkey -in "$WORK/ca.key" -pubout)" ]; then
    issuer=$candidate
  fi
done
[ -n "$issuer" ] || fail "no certificate in $CA_SECRET belongs to $CA_KEY_SECRET"

install -d -m 0755 "$TLS_FOLDER"
place "$TLS_FOLDER/ca.crt" <"$WORK/ca.crt"
# ClickHouse reads one trust file for both its peers and S3.
cat "$WORK/ca.crt" "$PUBLIC_AUTHORITIES" | place "$TLS_FOLDER/trust.crt"

certificate=$TLS_FOLDER/node.crt
if [ -s "$certificate" ] &&
  openssl x509 -in "$certificate" -noout -checkend $((RENEW_DAYS * 86400)) >/dev/null &&
  openssl verify -CAfile "$issuer" -verify_hostname "$HOST" "$certificate" >/dev/null 2>&1; then
  exit 0
fi

log "signing a certificate for $HOST"
new_key "$WORK/node.key"
openssl req -new -config "$WORK/openssl.cnf" -key "$WORK/node.key" -out "$WORK/node.csr"
openssl x509 -req -in "$WORK/node.csr" -CA "$issuer" -CAkey "$WORK/ca.key" \
  -set_serial "0x$(openssl rand -hex 16)" -sha256 -days "$CERTIFICATE_DAYS" \
  -extfile "$WORK/openssl.cnf" -extensions node -out "$WORK/node.crt" 2>/dev/null
place "$TLS_FOLDER/node.key" <"$WORK/node.key"
place "$certificate" <"$WORK/node.crt"
