#!/usr/bin/env bash
# The smoke test, on the Service of the cluster: through the API server, so it needs no way in from outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
log=$(mktemp)
kubectl port-forward service/web --namespace verdict --address 127.0.0.1 :80 > "$log" 2>&1 &
forward=$!
trap 'kill "$forward" 2>/dev/null || true; rm -f "$log"' EXIT
for _ in $(seq 100); do
  port=$(sed -nE 's/^Forwarding from 127\.0\.0\.1:([0-9]+) .*/\1/p' "$log" | head -n 1)
  [ -z "$port" ] || break
  kill -0 "$forward" 2>/dev/null || break
  sleep 0.1
done
[ -n "${port:-}" ] || { echo "smoke: no way to service/web: $(cat "$log")" >&2; exit 1; }
python3 tools/smoke-test/smoke.py "http://127.0.0.1:$port" "$@"
