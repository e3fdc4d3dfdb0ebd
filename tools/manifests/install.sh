#!/usr/bin/env bash
# Prints the path of a tool that is written in Go; builds it first where it is not in the cache.
# usage: install.sh kustomize|actionlint|gitleaks
set -euo pipefail
case "${1:-}" in
  # Newer ones ask for a newer Go than that of the distributions.
  kustomize) module=sigs.k8s.io/kustomize/kustomize/v5 version=v5.8.1 ;;
  actionlint) module=github.com/rhysd/actionlint/cmd/actionlint version=v1.7.12 ;;
  gitleaks) module=github.com/zricethezav/gitleaks/v8 version=v8.30.1 ;;
  *) echo "usage: $0 kustomize|actionlint|gitleaks" >&2; exit 2 ;;
esac
folder="${XDG_CACHE_HOME:-$HOME/.cache}/verdict/tools"
tool="$folder/$1-$version/$1"
if ! [ -x "$tool" ]; then
  command -v go >/dev/null || { echo "$1 $version is built with Go, which is not found: see https://go.dev/dl, or apt-get install golang-go" >&2; exit 3; }
  mkdir -p "$folder"
  exec 9>"$folder/$1.lock"
  flock 9
  # Whoever had the lock before may have done it.
  if ! [ -x "$tool" ]; then
    partial="$folder/$1-$version.partial"
    rm -rf "$partial"
    GOBIN="$partial" GOFLAGS=-trimpath go install "$module@$version" >&2
    rm -rf "${tool%/*}"
    mv "$partial" "${tool%/*}"
  fi
fi
echo "$tool"
