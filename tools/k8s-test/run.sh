#!/usr/bin/env bash
# Brings every overlay to a real kube-apiserver: first as a server-side dry run, then for real, and every pod template as a pod, which is held to the
# restricted Pod Security Standard. By hand; prints what it found as Markdown. No kubelet runs, so no pod starts.
#
# kube-apiserver and kubectl are built from their Go modules (some minutes, once), etcd is Debian's. Everything is on the loopback interface and ends with this.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
version=${KUBERNETES_VERSION:-1.33.4}
work=${VERDICT_K8S_TEST:-${XDG_CACHE_HOME:-$HOME/.cache}/verdict/k8s-test}
bin=$work/bin-$version
say() { echo "k8s-test: $*" >&2; }
need() { command -v "$1" >/dev/null || { say "$1 is not found: $2"; exit 2; }; }
need go "see https://go.dev/dl, or apt-get install golang-go"
need etcd "apt-get install etcd-server"
need openssl "apt-get install openssl"
need python3 "apt-get install python3 python3-yaml"

# --- the programs -------------------------------------------------------------------------------------------------------------
# The module's go.mod takes its own parts from folders that the module does not have; they are modules of the same version.
build() {
  local source parts part
  source=$(go mod download -json "k8s.io/kubernetes@v$version" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
  rm -rf "$work/source" && cp -r "$source" "$work/source" && chmod -R u+w "$work/source"
  cd "$work/source"
  rm -rf vendor go.work
  parts=$(go mod edit -json | python3 -c 'import json, sys
print("\n".join(r["Old"]["Path"] for r in json.load(sys.stdin).get("Replace") or []))')
  for part in $parts; do go mod edit "-dropreplace=$part" "-require=$part@v0.${version#1.}"; done
  local flag=-X\ k8s.io/component-base/version.git minor=${version#1.}
  GOFLAGS=-mod=mod go build -trimpath -ldflags "${flag}Version=v$version ${flag}Major=1 ${flag}Minor=${minor%%.*}" \
    -o "$bin.partial/" ./cmd/kube-apiserver ./cmd/kubectl
  rm -rf "$bin" && mv "$bin.partial" "$bin"
  rm -rf "$work/source"
}
mkdir -p "$work"
if ! [ -x "$bin/kube-apiserver" ]; then
  say "building kube-apiserver and kubectl $version"
  (build) >"$work/build.log" 2>&1 || { tail -20 "$work/build.log" >&2; say "they do not build: $work/build.log"; exit 1; }
fi

# --- the server -----------------------------------------------------------------------------------------------------------------
run=$(mktemp -d)
pids=()
end() {
  for pid in "${pids[@]+"${pids[@]}"}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]+"${pids[@]}"}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$run"
}
trap end EXIT
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
client=$(free_port) peer=$(free_port) api=$(free_port)
etcd --data-dir "$run/etcd" --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
  --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
  --initial-cluster "default=http://127.0.0.1:$peer" >"$run/etcd.log" 2>&1 &
pids+=($!)
openssl genrsa -out "$run/accounts.key" 2048 2>/dev/null
token=$(openssl rand -hex 16)
echo "$token,admin,admin,system:masters" >"$run/tokens.csv"
"$bin/kube-apiserver" --etcd-servers "http://127.0.0.1:$client" --bind-address 127.0.0.1 --advertise-address 127.0.0.1 --secure-port "$api" \
  --cert-dir "$run/certificates" --token-auth-file "$run/tokens.csv" --authorization-mode RBAC --service-cluster-ip-range 10.0.0.0/24 \
  --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$run/accounts.key" \
  --service-account-signing-key-file "$run/accounts.key" >"$run/api.log" 2>&1 &
pids+=($!)
cat >"$run/kubeconfig" <<CONFIG
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "https://127.0.0.1:$api", certificate-authority: $run/certificates/apiserver.crt}}]
users: [{name: admin, user: {token: $token}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
current-context: test
CONFIG
kubectl() { "$bin/kubectl" --kubeconfig "$run/kubeconfig" "$@"; }
deadline=$((SECONDS + 120))
until kubectl get --raw /readyz >/dev/null 2>&1; do
  for pid in "${pids[@]}"; do kill -0 "$pid" 2>/dev/null || { tail -5 "$run/etcd.log" "$run/api.log" >&2; say "a server ended"; exit 1; }; done
  [ $SECONDS -lt $deadline ] || { tail -5 "$run/api.log" >&2; say "the server is not ready after 120 s"; exit 1; }
  sleep 0.3
done
say "kube-apiserver $(kubectl version -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["serverVersion"]["gitVersion"])') is ready"

# --- what it says ------------------------------------------------------------------------------------------------------------------
kubectl apply --server-side --filename "$root/tools/manifests/crds" >/dev/null
kubectl wait --for=condition=established crd --all --timeout=60s >/dev/null
apply() { kubectl apply --server-side --validate=strict --field-manager=k8s-test "$@"; }

failed=0
wrong() { say "WRONG: $*"; failed=1; }
echo "| overlay | objects | dry run on the server | pod templates as restricted pods | applied |"
echo "|---|---:|---|---:|---|"
for overlay in k8s/overlays/local k8s/overlays/eks tools/manifests/tests/overlays/autoscaled tools/manifests/tests/overlays/everything; do
  "$bin/kubectl" kustomize "$root/$overlay" >"$run/objects.yaml"
  # The namespace is there before what is in it, as `apply` does it; in a dry run nobody would see it.
  python3 - "$run" <<'PYTHON'
import json, pathlib, sys
import yaml
run = pathlib.Path(sys.argv[1])
objects = [o for o in yaml.safe_load_all((run / "objects.yaml").read_text()) if o]
(run / "count").write_text(str(len(objects)))
(run / "inside.yaml").write_text(yaml.dump_all(o for o in objects if o["kind"] != "Namespace"))
(run / "namespace.yaml").write_text(yaml.dump_all(o for o in objects if o["kind"] == "Namespace"))
# The account of each namespace comes from a controller too.
default = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "verdict"}}
accounts = [default] + [o for o in objects if o["kind"] == "ServiceAccount"]
(run / "accounts.yaml").write_text(yaml.dump_all(accounts))
pods = []
for o in objects:
    template = {"Deployment": ["spec"], "StatefulSet": ["spec"], "Job": ["spec"], "CronJob": ["spec", "jobTemplate", "spec"]}.get(o["kind"])
    if template is None:
        continue
    place = o
    for key in template:
        place = place[key]
    spec = place["template"]["spec"]
    spec.setdefault("volumes", [])
    # What the controller of a StatefulSet adds.
    spec["volumes"] += [{"name": c["metadata"]["name"], "emptyDir": {}} for c in o["spec"].get("volumeClaimTemplates", [])]
    pods.append({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": o["metadata"]["name"], "namespace": "verdict"}, "spec": spec})
(run / "pods.yaml").write_text(yaml.dump_all(pods))
(run / "pods").write_text(str(len(pods)))
PYTHON
  apply --filename "$run/namespace.yaml" >/dev/null
  count=$(cat "$run/count") pods=$(cat "$run/pods") dry=yes pod=yes real=yes
  apply --dry-run=server --filename "$run/objects.yaml" >"$run/dry.txt" 2>&1 || { dry=NO; cat "$run/dry.txt" >&2; wrong "$overlay is refused"; }
  if grep -i '^warning' "$run/dry.txt" >&2; then wrong "$overlay is warned of"; fi
  apply --filename "$run/accounts.yaml" >/dev/null
  kubectl create --validate=strict --dry-run=server --filename "$run/pods.yaml" >"$run/pods.txt" 2>&1 || { pod=NO; cat "$run/pods.txt" >&2; wrong "a pod of $overlay is refused"; }
  apply --force-conflicts --filename "$run/objects.yaml" >"$run/real.txt" 2>&1 || { real=NO; tail -5 "$run/real.txt" >&2; wrong "$overlay is not applied"; }
  # Away again, for the next one: a Job cannot be changed.
  kubectl delete --ignore-not-found --wait=false --filename "$run/inside.yaml" >/dev/null
  # A claim waits for a controller to let it go.
  for claim in $(kubectl get persistentvolumeclaims --namespace verdict --output name); do
    kubectl patch "$claim" --namespace verdict --type merge --patch '{"metadata": {"finalizers": null}}' >/dev/null
  done
  echo "| \`$overlay\` | $count | $dry | $pods, all accepted: $pod | $real |"
done

apply --filename "$run/namespace.yaml" --filename "$run/accounts.yaml" >/dev/null

# --- the controls ---------------------------------------------------------------------------------------------------------------------
refused() {
  local what=$1 part=$2
  if kubectl apply --server-side --validate=strict --dry-run=server --filename - >"$run/control.txt" 2>&1; then wrong "$what is accepted"
  elif ! grep -q "$part" "$run/control.txt"; then wrong "$what is refused for another reason: $(cat "$run/control.txt")"
  else echo "| control: $what | | refused | | |"; fi
}
refused "a pod that runs as root" 'violates PodSecurity "restricted' <<'POD'
{apiVersion: v1, kind: Pod, metadata: {name: root, namespace: verdict}, spec: {serviceAccountName: consumer, containers: [{name: a, image: "a:1", securityContext: {runAsUser: 0}}]}}
POD
refused "a field that is misspelt" 'unknown field\|field not declared in schema' <<'POD'
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: verdict}, dta: {a: b}}
POD
refused "a ScaledObject without a target" 'scaleTargetRef' <<'POD'
{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: a, namespace: verdict}, spec: {triggers: [{type: kafka, metadata: {}}]}}
POD
exit $failed
