#!/bin/sh
# Installs what `make test-all` needs besides Python: PostgreSQL, Chromium, CJK fonts and SoftHSM,
# from Debian's packages, where this machine has apt and we may use it. Repeating it does nothing.
# With the word `conformance`: what `make conformance` needs, a JDK of 17 or newer and Maven.
set -eu

have_postgres() { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
have_chromium() { command -v chromium >/dev/null 2>&1; }
have_fonts() { command -v fc-list >/dev/null 2>&1 && fc-list ':lang=zh' | grep -q .; }
have_softhsm() { command -v softhsm2-util >/dev/null 2>&1; }
have_poppler() { command -v pdftotext >/dev/null 2>&1; }
have_openssl() { command -v openssl >/dev/null 2>&1; }

have_java() { command -v javac >/dev/null 2>&1; }
have_maven() { command -v mvn >/dev/null 2>&1; }

wanted=""
if [ "${1:-}" = conformance ]; then
  have_java || wanted="$wanted default-jdk-headless"
  have_maven || wanted="$wanted maven"
else
  have_postgres || wanted="$wanted postgresql"
  have_chromium || wanted="$wanted chromium"
  have_fonts || wanted="$wanted fontconfig fonts-noto-cjk"
  have_softhsm || wanted="$wanted softhsm2"
  have_poppler || wanted="$wanted poppler-utils"
  have_openssl || wanted="$wanted openssl"
fi
[ -n "$wanted" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "No apt-get here. Install by hand for make ${1:-test-all}:$wanted" >&2
  exit 0
fi
if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else
  echo "Not root and no sudo. Install by hand for make ${1:-test-all}:$wanted" >&2
  exit 0
fi
echo "Installing from Debian's packages:$wanted"
log=$(mktemp)
if ! { $as_root apt-get update -q && \
       $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $wanted; } >"$log" 2>&1
then
  tail -n 20 "$log" >&2
  rm -f "$log"
  exit 1
fi
rm -f "$log"
