#!/usr/bin/env bash
# Puts axe-core, which looks for what keeps people from using a page, into the cache. Needs no root;
# does nothing where it is there already. Prints the folder.
set -euo pipefail
cd "$(dirname "$0")"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/verdict
# Node of requirements-dev.txt, where it is.
PATH=${VERDICT_VENV:+$VERDICT_VENV/bin:}$PATH
sum() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c1-12; }

home=$cache/browser-$(cat install.sh package-lock.json | sum)
if ! [ -d "$home" ]; then
  mkdir -p "$cache"
  partial=$(mktemp -d "$cache/browser-partial.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  cp package.json package-lock.json "$partial"
  npm --prefix "$partial" ci --ignore-scripts --no-audit --no-fund >"$partial/log" 2>&1 || {
    echo "browser: npm failed: $(tail -n 1 "$partial/log")" >&2
    exit 1
  }
  # Another one may have come first.
  [ -d "$home" ] || mv "$partial" "$home"
fi
echo "$home"
