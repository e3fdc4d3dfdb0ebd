#!/usr/bin/env bash
# Takes consumer, monitor and web back to what ran before the last change, and waits until that runs. Models are taken back by
# `trainer rollback`, not by this.
# usage: rollback.sh [TIMEOUT, default 300s]
set -euo pipefail
timeout=${1:-300s} namespace=verdict failed=0
services=(statefulset/consumer deployment/monitor statefulset/web)
for what in "${services[@]}"; do
  if ! kubectl rollout undo "$what" --namespace "$namespace"; then
    echo "rollback: $what has nothing before this: it was the first" >&2
    failed=1
  fi
done
# The controller of a StatefulSet waits for a pod that will never be ready before it replaces it by the earlier one.
not_ready=$(kubectl get pods --namespace "$namespace" --selector 'app.kubernetes.io/name in (verdict-consumer, verdict-web)' \
  --output 'jsonpath={range .items[?(@.status.conditions[?(@.type=="Ready")].status!="True")]}{.metadata.name}{"\n"}{end}')
for pod in $not_ready; do
  kubectl delete pod "$pod" --namespace "$namespace" --wait=false
done
for what in "${services[@]}"; do
  kubectl rollout status "$what" --namespace "$namespace" --timeout="$timeout" || failed=1
done
exit "$failed"
