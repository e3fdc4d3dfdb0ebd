#!/usr/bin/env bash
# Runs a CronJob of the cluster once, now: `trainer` rebuilds the model, `announce` tells the consumers of the registry's production.
# Prints its log. Exit code 0 done, 1 not (the gate's no is one of the reasons).
# usage: job.sh trainer|announce [TIMEOUT SECONDS, default 3600]
set -euo pipefail
case "${1:-}" in trainer | announce) ;; *) echo "usage: $0 trainer|announce [TIMEOUT SECONDS]" >&2; exit 2 ;; esac
namespace=verdict job="$1-$(date +%s)" end=$((SECONDS + ${2:-3600}))
kubectl create job "$job" --namespace "$namespace" --from="cronjob/$1"
state() { kubectl get job "$job" --namespace "$namespace" --output "jsonpath={.status.conditions[?(@.status==\"True\")].type}"; }
until [[ "$(state)" =~ (Complete|Failed) ]]; do
  [ $SECONDS -lt $end ] || { echo "job: $job has not ended in time" >&2; exit 1; }
  sleep 2
done
kubectl logs "job/$job" --namespace "$namespace" --tail=-1
[[ "$(state)" =~ Complete ]] || { echo "job: $job failed" >&2; exit 1; }
