#!/bin/sh
# Rust's name of a Debian architecture.
# usage: triple.sh amd64|arm64|"" (this machine's)
set -eu
case "${1:-$(dpkg --print-architecture)}" in
  amd64) echo x86_64-unknown-linux-gnu ;;
  arm64) echo aarch64-unknown-linux-gnu ;;
  *) echo "images: no images are made for the architecture $1, only for amd64 and arm64" >&2; exit 2 ;;
esac
