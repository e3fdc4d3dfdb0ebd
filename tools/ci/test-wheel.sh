#!/usr/bin/env bash
# Installs the one wheel of the folder DIST into a fresh environment, without the sources in sight,
# and scores with models/default.
# usage: test-wheel.sh DIST. With TAG (v0.1.0) the wheel must have that version.
set -euo pipefail
[ $# = 1 ] || { echo "usage: $0 DIST" >&2; exit 2; }
repository=$(cd "$(dirname "$0")/../.." && pwd)
wheels=("$1"/verdict-*.whl)
[ ${#wheels[@]} = 1 ] && [ -f "${wheels[0]}" ] || { echo "test-wheel: $1 must have one wheel, got ${wheels[*]}" >&2; exit 1; }
name=$(basename "${wheels[0]}")
[ -z "${TAG:-}" ] || [[ "$name" = "verdict-${TAG#v}-"* ]] || {
  echo "test-wheel: the wheel must be of $TAG, got $name; set workspace.package.version in Cargo.toml" >&2
  exit 1
}
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check "${wheels[0]}"
cd "$environment"
bin/python -c '
import sys
import verdict

model = verdict.load(sys.argv[1])
model.verify()
labels = model.predict(["What a wonderful film.", "A dull and boring film."]).tolist()
assert labels == ["positive", "negative"], labels
print(f"{verdict.__file__}: {model}")
' "$repository/models/default"
bin/verdict-import --help >/dev/null
