#!/usr/bin/env bash
# Puts the callers, foreign programs that ask for verdicts or write reviews, into the cache: their
# jars, classes, Node modules and a Python environment. Needs no root; does nothing where all is
# there already. Prints the folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/verdict
# Node of requirements-dev.txt, where it is: a caller needs 22 or newer.
PATH=${VERDICT_VENV:+$VERDICT_VENV/bin:}$PATH

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c1-12
}

fail() {
  echo "callers: $*" >&2
  exit 1
}

cd "$here"
home=$cache/callers-$(cat install.sh pom.xml package-lock.json ./*.txt ./*.java ./*.ts ./*.mjs | sha256)
if ! [ -d "$home" ]; then
  for tool in mvn javac npm python3; do
    command -v "$tool" >/dev/null || fail "needs $tool"
  done
  echo "callers: fetching Spring, SmallRye, NestJS, Kafka Streams, KServe and makers of clients …" >&2
  mkdir -p "$cache"
  partial=$(mktemp -d "$cache/callers-partial.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  log=$partial/log
  mvn --batch-mode --quiet --strict-checksums --file pom.xml dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$partial/libs" >"$log" 2>&1 || fail "mvn failed: $(grep -m 1 ERROR "$log" || tail -n 1 "$log")"
  javac --release 17 -cp "$partial/libs/*" -d "$partial/classes" ./*.java >"$log" 2>&1 || fail "javac failed: $(head -n 3 "$log")"
  cp package.json package-lock.json ./*.mjs ./*.ts "$partial"
  npm --prefix "$partial" ci --ignore-scripts --no-audit --no-fund >"$log" 2>&1 || fail "npm failed: $(grep -m 1 'npm error' "$log" || tail -n 1 "$log")"
  # Run as `venv/bin/python -m …`: its scripts name the folder that it was made in.
  { python3 -m venv "$partial/venv" && "$partial/venv/bin/pip" install --disable-pip-version-check --quiet --requirement requirements.txt --constraint constraints.txt; } >"$log" 2>&1 || fail "pip failed: $(tail -n 1 "$log")"
  # Another one may have come first.
  [ -d "$home" ] || mv "$partial" "$home"
fi
echo "$home"
