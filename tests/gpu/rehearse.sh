#!/usr/bin/env bash
# Rehearses evidence.sh where there is no GPU: every step reports "no device", the exit code is 77, and the results
# file is JSON. With a GPU it is the real thing.
set -euo pipefail
programs=$1
here=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
code=0
bash "$here/evidence.sh" "$programs" "$out" || code=$?
python3 -m json.tool "$out"/*-20??-??-??.json > /dev/null
[ $code -eq 77 ] || exit $code
! grep -v 'no device' "$out/table.txt"
