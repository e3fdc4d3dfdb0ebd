#!/usr/bin/env bash
# Puts a file as a comment under a pull request, in place of the last one of this kind.
# usage: comment.sh NUMBER FILE
set -euo pipefail
[ $# = 2 ] || { echo "usage: $0 NUMBER FILE" >&2; exit 2; }
gh pr comment "$1" --body-file "$2" --edit-last --create-if-none
