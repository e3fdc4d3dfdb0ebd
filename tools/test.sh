#!/usr/bin/env bash
# All tests, the cheap ones first. Ends with one line of sums: "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

# What the real Kafka and the foreign client need. Without it their tests say that they are left out; in CI that fails.
lacking=()
command -v java >/dev/null || lacking+=("java (e.g. apt-get install openjdk-17-jdk-headless)")
command -v promtool >/dev/null || lacking+=("prometheus and promtool (e.g. apt-get install prometheus)")
command -v mvn >/dev/null || lacking+=("mvn (e.g. apt-get install maven)")
if ! [ -x "$VERDICT_VENV/bin/python" ] || ! cmp -s requirements-dev.txt "$VERDICT_VENV/requirements-dev.txt"; then
  if python3 -m venv "$VERDICT_VENV" >"$log" 2>&1 \
    && "$VERDICT_VENV/bin/pip" install --quiet --disable-pip-version-check -r requirements-dev.txt >>"$log" 2>&1; then
    cp requirements-dev.txt "$VERDICT_VENV/requirements-dev.txt"
  else
    rm -rf "$VERDICT_VENV"
    lacking+=("python3 with venv and pip (e.g. apt-get install python3-venv): $(tail -n 1 "$log")")
  fi
fi
for what in "${lacking[@]}"; do
  echo "test: left out what needs $what" >&2
done
if [ ${#lacking[@]} -gt 0 ] && [ "${CI:-}" = true ]; then
  echo "test: CI runs every test; install the above" >&2
  failed=1
fi

# The data set, where it is: the tests on it say when they are left out.
if [ -z "${VERDICT_IMDB:-}" ]; then
  for path in data/raw/aclImdb_v1.tar.gz ../shared/data/aclImdb_v1.tar.gz; do
    if [ -f "$path" ]; then
      VERDICT_IMDB=$(realpath "$path")
      export VERDICT_IMDB
      break
    fi
  done
fi

run() {
  echo "test: $*" >&2
  "$@" 2>&1 | tee -a "$log" || failed=1
}
: >"$log"
run cargo test --locked --workspace --exclude verdict-demo --lib --bins --tests --no-fail-fast
run cargo test --locked --workspace --exclude verdict-demo --doc --no-fail-fast
# The whole system, on the embedded broker and on a real Kafka; with OTLP, which the demo itself is built without.
run cargo test --locked -p verdict-demo --features otlp --no-fail-fast

awk -v failed_step="$failed" '
  /^test result:/ { passed += $4; failed += $6 }
  END {
    if (failed_step && !failed) failed = 1
    printf "%d passed, %d failed\n", passed, failed
    exit failed || !passed
  }' "$log"
