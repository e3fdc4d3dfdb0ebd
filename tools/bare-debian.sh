#!/usr/bin/env bash
# `make demo` and `make test` on a bare Debian 12, by hand, as root: tools/bare-debian.sh FOLDER
# [demo | test]… The system is debootstrap's smallest one, with make, git and certificates, and
# rustup's toolchain of this machine. The clone is of HEAD. The network is this machine's. Prints
# how long each took; the folder, of some 30 GB, is yours to remove.
set -euo pipefail
[ $# -ge 1 ] && [ "$(id -u)" = 0 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
source=$(realpath "$(dirname "$0")/..")
root=$(realpath -m "$1")
shift
mkdir -p "$root"
if ! [ -d "$root/verdict" ]; then
  command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap
  debootstrap --variant=minbase --include=make,git,ca-certificates bookworm "$root" >"$root.log"
  mkdir -p "$root/opt/rust"
  cp -a "$(rustc --print sysroot)"/{bin,lib,libexec} "$root/opt/rust/"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  git clone -q "$source" "$root/verdict"
fi
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT

inside() {
  local certificates=/etc/ssl/certs/ca-certificates.crt
  chroot "$root" env -i HOME=/root PATH=/opt/rust/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 \
    SSL_CERT_FILE=$certificates REQUESTS_CA_BUNDLE=$certificates PIP_CERT=$certificates ${VERDICT_IMDB:+VERDICT_IMDB=$VERDICT_IMDB} \
    make -C /verdict "$@"
}

[ $# -gt 0 ] || set -- demo test
for what in "$@"; do
  began=$SECONDS
  case $what in
    demo)
      inside demo &
      until curl --silent --max-time 5 --data 'text=What a wonderful film' --header 'Accept: text/plain' http://127.0.0.1:8080/predict | grep positive; do
        kill -0 $! || exit 1
        sleep 1
      done
      echo "bare Debian: make demo answered after $((SECONDS - began)) s"
      pkill -INT -x demo
      wait
      ;;
    test)
      inside test
      echo "bare Debian: make test took $((SECONDS - began)) s"
      ;;
    *) echo "demo or test, got $what" >&2; exit 2 ;;
  esac
done
