#!/bin/sh
# cargo for the architecture that images are made for.
# usage: cargo.sh amd64|arm64|"" COMMAND [ARGUMENT…]
set -eu
target=$("$(dirname "$0")/triple.sh" "$1")
if [ "$1" != "" ] && [ "$1" != "$(dpkg --print-architecture)" ]; then
  tools=${target%%-*}-linux-gnu
  # librdkafka's build asks these; build scripts, which run here, take the HOST_ ones.
  export CC="$tools-gcc" CXX="$tools-g++" AR="$tools-ar" HOST_CC=gcc HOST_CXX=g++ HOST_AR=ar
  export "CARGO_TARGET_$(echo "$target" | tr a-z- A-Z_)_LINKER=$tools-gcc"
  export PKG_CONFIG_ALLOW_CROSS=1 "PKG_CONFIG_LIBDIR=/usr/lib/$tools/pkgconfig:/usr/share/pkgconfig"
fi
shift
exec cargo "$@" --target "$target"
