#!/bin/sh
# The bill of materials of every service, CycloneDX JSON: DIRECTORY/SERVICE.cdx.json. Without a time and a serial number, so that the same
# sources give the same file.
# usage: sbom.sh amd64|arm64|"" DIRECTORY
set -eu
target=$("$(dirname "$0")/triple.sh" "$1")
for service in consumer producer trainer web; do
  cargo cyclonedx --quiet --manifest-path "$service/Cargo.toml" --format json --spec-version 1.5 --target "$target" --override-filename sbom.cdx
  # It writes one beside every crate of the workspace that the service is built of.
  reproducible=$(sed -e '/^  "serialNumber": /d' -e '/^    "timestamp": /d' "$service/sbom.cdx.json")
  printf '%s\n' "$reproducible" >"$2/$service.cdx.json"
  find . -name sbom.cdx.json -delete
done
