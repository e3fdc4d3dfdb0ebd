#!/usr/bin/env bash
# What `make` needs, looked for and, where that is allowed, installed: tools/setup.sh build | wheel |
# demo | test. Debian and Ubuntu as root, or with sudo that asks for no password, get the packages
# that are missing; everywhere Kafka goes into the cache without root. What is missing in the end is
# told in one message. Not -u: old shells take an empty list for an unset one.
set -eo pipefail
cd "$(dirname "$0")/.."
for_what=$1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/verdict

if ! { mkdir -p "$cache" && [ -w "$cache" ]; } 2>/dev/null; then
  echo "setup: the cache $cache cannot be written: say where else with XDG_CACHE_HOME" >&2
  exit 2
fi

has() { command -v "$1" >/dev/null 2>&1; }
has_openssl() { has pkg-config && pkg-config --exists openssl; }
has_venv() { has python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }
has_java_and_maven() { has java && has mvn; }
has_kafkas_needs() { has_java_and_maven || has_venv; }
has_wordnet() { [ -f /usr/share/wordnet/index.noun ]; }

names=() apt=() dnf=() brew=()
# name, its packages for apt, dnf and brew ("-": none), and the command that finds it
need() {
  "${@:5}" && return
  names+=("$1")
  [[ "$2" = - || " ${apt[*]} " = *" $2 "* ]] || apt+=("$2")
  [ "$3" = - ] || dnf+=("$3")
  [ "$4" = - ] || brew+=("$4")
}

look() {
  names=() apt=() dnf=() brew=()
  need "cargo (https://rustup.rs)" - - - has cargo
  need cc build-essential gcc - has cc
  need c++ build-essential gcc-c++ - has c++
  need pkg-config pkg-config pkgconf-pkg-config pkgconf has pkg-config
  need "OpenSSL's headers" libssl-dev openssl-devel openssl has_openssl
  required=${#names[@]}
  [ "$for_what" = build ] && return
  need "python3 with venv" python3-venv python3 python "$([ "$for_what" = demo ] && echo has_kafkas_needs || echo has_venv)"
  [ "$for_what" = test ] || return 0
  need pgrep procps procps-ng - has pgrep
  need promtool prometheus prometheus prometheus has promtool
  need docker-compose docker-compose docker-compose docker-compose has docker-compose
  need docker-registry docker-registry docker-distribution - has docker-registry
  need "Java's compiler" default-jdk-headless java-devel openjdk has javac
  need mvn maven maven maven has mvn
  need chromium chromium chromium - has chromium
  need chromedriver chromium-driver chromedriver chromedriver has chromedriver
  need "WordNet's dictionary" wordnet-base wordnet - has_wordnet
}

install() {
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo -n)
  has apt-get && { [ ${#root[@]} -eq 0 ] || sudo -n true 2>/dev/null; } || return 0
  echo "setup: apt-get install ${apt[*]}" >&2
  # Without recommended packages: the tests read a file with docker-compose, and need no Docker
  # engine.
  { "${root[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${apt[@]}"; } >&2 || true
}

look
if [ ${#apt[@]} -gt 0 ]; then
  install
  look
fi
if [ ${#names[@]} -gt 0 ]; then
  {
    printf 'setup: not found: %s' "${names[0]}"
    [ ${#names[@]} -eq 1 ] || printf ', %s' "${names[@]:1}"
    echo
    [ ${#apt[@]} -eq 0 ] || echo "  Debian, Ubuntu: sudo apt-get install ${apt[*]}"
    [ ${#dnf[@]} -eq 0 ] || echo "  Fedora:         sudo dnf install ${dnf[*]}"
    [ ${#brew[@]} -eq 0 ] || echo "  macOS:          brew install ${brew[*]}   (and: xcode-select --install)"
    echo "  without any of it: docker compose up"
  } >&2
  [ "$required" -eq 0 ] || exit 2
fi
[ "$for_what" = build ] && exit
if [ "$for_what" = wheel ]; then
  # That of the tests' environment, if it is there.
  [ -x "$VERDICT_VENV/bin/maturin" ] || {
    python3 -m venv "$VERDICT_VENV" && "$VERDICT_VENV/bin/pip" install --quiet --disable-pip-version-check "$(grep ^maturin== requirements-dev.txt)"
  }
  exit
fi

# Without Kafka the demo runs in memory, and says so; the tests on Kafka say that they are left out.
tools/kafka/install.sh "$cache" || { [ "${CI:-}" != true ] || exit 1; }
[ "$for_what" = demo ] && exit

# For the tests: a Kafka client, MLflow, DVC, Node and scikit-learn, to compare with.
if ! cmp -s requirements-dev.txt "$VERDICT_VENV/requirements-dev.txt"; then
  echo "setup: installing requirements-dev.txt into a private Python environment …" >&2
  if python3 -m venv "$VERDICT_VENV" && "$VERDICT_VENV/bin/pip" install --quiet --disable-pip-version-check -r requirements-dev.txt; then
    cp requirements-dev.txt "$VERDICT_VENV/"
  else
    rm -rf "$VERDICT_VENV"
    names+=(requirements-dev.txt)
  fi
fi
# Spark's Kafka source.
tools/spark/install.sh "$VERDICT_VENV" || names+=(tools/spark)
# And clients of other frameworks, which ask for reviews, and what looks at the pages.
tools/callers/install.sh >/dev/null || names+=(tools/callers)
tools/browser/install.sh >/dev/null || names+=(tools/browser)
if [ ${#names[@]} -gt 0 ] && [ "${CI:-}" = true ]; then
  echo "setup: CI runs every test, and they need the above" >&2
  exit 1
fi
