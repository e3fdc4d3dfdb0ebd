#!/usr/bin/env bash
# The pipeline of dvc.yaml with the trainer of this revision, and what it changes in metrics and parameters against BASE (a git
# revision, default HEAD): dist/pipeline.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=${VERDICT_VENV:?must be set: make pipeline does}
# As tools/setup.sh does it, so that either finds what the other has made.
if ! [ -x "$venv/bin/dvc" ] || ! cmp -s requirements-dev.txt "$venv/requirements-dev.txt"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement requirements-dev.txt
  cp requirements-dev.txt "$venv/requirements-dev.txt"
fi
cargo build --locked --release --package verdict-trainer
export PATH="${CARGO_TARGET_DIR:-target}/release:$venv/bin:$PATH"
# Results of earlier runs, where there is a remote that this run may read; without, everything is made here.
if [ -n "${DVC_REMOTE_URL:-}" ]; then
  dvc remote add --local --force --default storage "$DVC_REMOTE_URL"
  dvc pull --run-cache --allow-missing || echo "pipeline: nothing to take from $DVC_REMOTE_URL" >&2
fi
dvc repro
if [ -n "${DVC_REMOTE_URL:-}" ] && [ "${DVC_PUSH:-}" = true ]; then
  dvc push --run-cache
fi
mkdir -p dist
{
  echo "### Metrics"
  echo
  dvc metrics diff --md --all "${BASE:-HEAD}"
  echo
  echo "### Parameters"
  echo
  dvc params diff --md "${BASE:-HEAD}"
} > dist/pipeline.md
cat dist/pipeline.md
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat dist/pipeline.md >> "$GITHUB_STEP_SUMMARY"
