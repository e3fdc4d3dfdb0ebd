#!/usr/bin/env bash
# Asks the gate whether the model that the pipeline has registered may serve. Says `promoted=true|false` as a step's output: the
# gate's no is an answer, anything else that goes wrong is an error. The consumers are told from inside the cluster, which alone
# reaches Kafka: tools/deploy/job.sh announce.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${MLFLOW_TRACKING_URI:?must be set: the registry that pipeline and cluster share}"
code=0
"${CARGO_TARGET_DIR:-target}/release/trainer" promote --registry mlflow --no-announce || code=$?
case $code in
  0) promoted=true ;;
  1) promoted=false ;;
  *) exit "$code" ;;
esac
echo "promoted=$promoted" | tee -a "${GITHUB_OUTPUT:-/dev/null}"
