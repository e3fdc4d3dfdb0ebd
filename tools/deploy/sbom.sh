#!/usr/bin/env bash
# The bill of materials of one service, CycloneDX JSON: dist/SERVICE.cdx.json.
# usage: sbom.sh consumer|producer|trainer|web
set -euo pipefail
cd "$(dirname "$0")/../.."
service=${1:-}
case "$service" in consumer | producer | trainer | web) ;; *) echo "usage: $0 consumer|producer|trainer|web" >&2; exit 2 ;; esac
version=0.5.9
cargo cyclonedx --version 2>/dev/null | grep -qF "$version" || cargo install --locked cargo-cyclonedx --version "$version" >&2
mkdir -p dist
cargo cyclonedx --manifest-path "$service/Cargo.toml" --format json --spec-version 1.5 --override-filename "verdict-$service.cdx" >&2
mv "$service/verdict-$service.cdx.json" "dist/$service.cdx.json"
# It writes one beside every crate of the workspace that the service is built of.
find . -name "verdict-$service.cdx.json" -not -path './dist/*' -delete
