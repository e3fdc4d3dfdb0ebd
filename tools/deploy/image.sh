#!/usr/bin/env bash
# Builds the image of one service as an OCI archive, dist/SERVICE.tar, for `ecr-publish apply`. With BuildKit, whose layers are kept in
# BUILDX_CACHE (default: dist/cache).
# usage: image.sh consumer|producer|trainer|web
set -euo pipefail
cd "$(dirname "$0")/../.."
service=${1:-}
case "$service" in consumer | producer | trainer | web) ;; *) echo "usage: $0 consumer|producer|trainer|web" >&2; exit 2 ;; esac
cache=${BUILDX_CACHE:-dist/cache}
mkdir -p dist "$cache"
# The default builder can neither write archives nor keep a cache.
docker buildx inspect verdict >/dev/null 2>&1 || docker buildx create --name verdict --driver docker-container >&2
# The next cache is written beside the present one: BuildKit only ever adds to one that is there.
docker buildx build --builder verdict --target "$service" \
  --build-arg REVISION="$(git rev-parse HEAD)" --build-arg CREATED="$(git log -1 --format=%cI)" \
  --provenance=false --sbom=false \
  --cache-from "type=local,src=$cache" --cache-to "type=local,dest=$cache.new,mode=max" \
  --output "type=oci,dest=dist/$service.tar" .
rm -rf "$cache"
mv "$cache.new" "$cache"
