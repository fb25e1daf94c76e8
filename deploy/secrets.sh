#!/bin/sh
# Makes what docker-compose.yml needs as secrets, where it is not there yet: sh deploy/secrets.sh [folder]
# Nothing that exists is changed. Proofs and the certificate are yours to replace.
set -eu
folder=${1:-$(dirname "$0")/secrets}
# The programs in the containers are other users than you: the folder keeps others on this machine out, while each
# file is mounted by itself.
umask 022
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

# put <name>: keeps what comes in, unless there is something.
put() {
  if [ -e "$1" ]; then cat >/dev/null; else cat >"$1.new" && mv "$1.new" "$1"; fi
}
random() { openssl rand -hex 24; }

random | put postgres_password
random | put everhook_password
random | put temporal_password
printf 'postgres://everhook:%s@postgres:5432/everhook\n' "$(cat everhook_password)" | put database_url
printf '1:%s\n' "$(openssl rand -base64 32)" | put encryption_key
random | put admin_token
printf 'proxy_set_header Authorization "Bearer %s";\n' "$(cat admin_token)" | put codec_authorization
random | put operator_password
printf 'operator:%s\n' "$(openssl passwd -6 -in operator_password)" | put operators
random | put payment_webhook_secret
if [ ! -e tls_certificate ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout tls_key -out tls_certificate 2>/dev/null
  chmod 644 tls_key
fi
