#!/usr/bin/env bash
# Brings an overlay to the cluster of the current context and waits until it runs. Exit code 1 if it does not; nothing is taken
# back then: rollback.sh does that.
# usage: apply.sh OVERLAY [TIMEOUT, default 300s]
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { echo "usage: $0 OVERLAY [TIMEOUT]" >&2; exit 2; }
overlay=$1 timeout=${2:-300s} namespace=verdict
mkdir -p dist
rendered=dist/$(basename "$overlay").yaml
kubectl kustomize "$overlay" > "$rendered"
if grep -qE 'sha256:0{64}' "$rendered"; then
  echo "apply: $overlay names images that are not there (a digest of zeros): run ecr-publish pin --overlay $overlay" >&2
  exit 2
fi
# A Job cannot be changed. What it has made stays.
kubectl delete job topics --namespace "$namespace" --ignore-not-found --wait
# What was changed by hand or by a roll-back since is taken back: the overlay is what is to be.
kubectl apply --server-side --force-conflicts --field-manager=verdict-deploy --filename "$rendered"
# `wait` knows one condition, and a Job ends in one of two.
if ! kubectl wait job/topics --namespace "$namespace" --for=condition=complete --timeout="$timeout"; then
  echo "apply: the topics are not as they must be:" >&2
  kubectl logs job/topics --namespace "$namespace" --tail=20 >&2 || true
  exit 1
fi
for what in statefulset/consumer deployment/monitor statefulset/web; do
  if ! kubectl rollout status "$what" --namespace "$namespace" --timeout="$timeout"; then
    echo "apply: $what does not come up:" >&2
    kubectl get pods --namespace "$namespace" --output wide >&2
    kubectl logs "$what" --namespace "$namespace" --tail=20 >&2 || true
    exit 1
  fi
done
