#!/usr/bin/env bash
# Writes the digests of the images of this revision into the overlay, as ECR has them.
# usage: pin.sh [OVERLAY, default k8s/overlays/eks]
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo run --locked --quiet --release --package verdict-ecr-publish --bin ecr-publish -- \
  pin --overlay "${1:-k8s/overlays/eks}" --revision "$(git rev-parse HEAD)"
