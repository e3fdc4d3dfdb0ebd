#!/usr/bin/env bash
# All tests, the cheap ones first. Ends with one line of sums: "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
address=$(mktemp)
kafka=
# One Kafka serves all tests that neither stop nor reconfigure it; it ends with this run.
end_kafka() {
  [ -z "$kafka" ] || { kill "$kafka" && wait "$kafka"; } 2>/dev/null || true
  kafka=
}
trap 'rm -f "$log" "$address"; end_kafka' EXIT
failed=0
# Many tests wait for a broker or a deadline: with one thread for each processor, two thirds of the
# time nothing was computed.
RUST_TEST_THREADS=${RUST_TEST_THREADS:-$((2 * $(getconf _NPROCESSORS_ONLN)))}
export RUST_TEST_THREADS

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

run cargo test --locked --workspace --no-run
# The repository does not hold the data set, and CI leaves no test out.
if [ -z "${VERDICT_IMDB:-}" ] && [ "${CI:-}" = true ]; then
  run "$CARGO_TARGET_DIR/debug/trainer" data fetch
  VERDICT_IMDB=$(realpath data/raw/aclImdb_v1.tar.gz)
  export VERDICT_IMDB
fi
: >"$log"
if [ -x "$CARGO_TARGET_DIR/debug/kafka-local" ]; then
  "$CARGO_TARGET_DIR/debug/kafka-local" run --quick --port 0 >"$address" &
  kafka=$!
  # It says its address when it is ready, and ends where it cannot start.
  while ! [ -s "$address" ] && kill -0 "$kafka" 2>/dev/null; do sleep 0.1; done
  VERDICT_TEST_KAFKA=$(cat "$address")
  export VERDICT_TEST_KAFKA
fi
run cargo test --locked --workspace --lib --bins --tests --no-fail-fast
run cargo test --locked --workspace --doc --no-fail-fast
# What it says at its end comes before the sums.
end_kafka

awk -v failed_step="$failed" '
  /^test result:/ { passed += $4; failed += $6 }
  END {
    if (failed_step && !failed) failed = 1
    printf "%d passed, %d failed\n", passed, failed
    exit failed || !passed
  }' "$log"
