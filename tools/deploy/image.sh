#!/usr/bin/env bash
# Builds the image of one service as an OCI archive, dist/SERVICE.tar, for `ecr-publish apply`, and its bill of materials, dist/SERVICE.cdx.json.
# With BuildKit, whose layers are kept in BUILDX_CACHE (default: dist/cache). PLATFORMS (default: linux/amd64) may name several:
# linux/amd64,linux/arm64 makes an index of both.
# usage: image.sh consumer|producer|trainer|web
set -euo pipefail
cd "$(dirname "$0")/../.."
service=${1:-}
case "$service" in consumer | producer | trainer | web) ;; *) echo "usage: $0 consumer|producer|trainer|web" >&2; exit 2 ;; esac
cache=${BUILDX_CACHE:-dist/cache} platforms=${PLATFORMS:-linux/amd64}
mkdir -p dist "$cache"
# The default builder can neither write archives nor keep a cache.
docker buildx inspect verdict >/dev/null 2>&1 || docker buildx create --name verdict --driver docker-container >&2
build() {
  docker buildx build --builder verdict --build-arg REVISION="$(git rev-parse HEAD)" --build-arg CREATED="$(git log -1 --format=%cI)" \
    --provenance=false --sbom=false --cache-from "type=local,src=$cache" "$@" .
}
# The next cache is written beside the present one: BuildKit only ever adds to one that is there.
build --platform "$platforms" --target "$service" --cache-to "type=local,dest=$cache.new,mode=max" --output "type=oci,dest=dist/$service.tar"
rm -rf "$cache"
mv "$cache.new" "$cache"
# The one that is in the image too; of several architectures it is the first one's.
bills=$(mktemp -d)
trap 'rm -rf "$bills"' EXIT
build --platform "${platforms%%,*}" --target sbom --output "type=local,dest=$bills"
mv "$bills/$service.cdx.json" dist/
