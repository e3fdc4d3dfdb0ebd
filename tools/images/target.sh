#!/bin/sh
# Readies a Debian build image for the programs of another architecture: a linker, the C library and OpenSSL of it, and Rust's own library.
# usage: target.sh amd64|arm64|"" (the build image's own)
set -eu
target=$("$(dirname "$0")/triple.sh" "${1:-}")
[ "${1:-}" != "" ] && [ "$1" != "$(dpkg --print-architecture)" ] || exit 0
dpkg --add-architecture "$1"
apt-get update -qq
apt-get install -y -qq --no-install-recommends "g++-${target%%-*}-linux-gnu" "libc6-dev-$1-cross" "libssl-dev:$1"
rm -rf /var/lib/apt/lists/*
rustc --print target-libdir --target "$target" | xargs test -d || rustup target add "$target"
