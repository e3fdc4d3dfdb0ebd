#!/usr/bin/env bash
# Pushes dist/SERVICE.tar to ECR under the revision, waits for its scan, and says `digest=sha256:…` as a step's output (GITHUB_OUTPUT).
# usage: publish.sh consumer|producer|trainer|web
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -n "${1:-}" ] || { echo "usage: $0 consumer|producer|trainer|web" >&2; exit 2; }
answer=$(cargo run --locked --quiet --release --package verdict-ecr-publish --bin ecr-publish -- \
  apply --service "$1" --archive "dist/$1.tar" --revision "$(git rev-parse HEAD)" --json | tail -n 1)
digest=$(jq --exit-status --raw-output '.images[0].digest' <<< "$answer")
echo "digest=$digest" | tee -a "${GITHUB_OUTPUT:-/dev/null}"
