#!/usr/bin/env bash
# source_commit_test.sh CMAKE SCRIPT: which commit a build says that it is of.
set -euo pipefail
cmake=$1 script=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
source=$folder/source header=$folder/source_commit.hpp

expect() {
  "$cmake" -D SOURCE_DIR="$source" -D HEADER="$header" -P "$script"
  local found
  found=$(cat "$header")
  [[ $found == "#define PERCEPTRON_SOURCE_COMMIT \"$1\"" ]] || { echo "expected $1, found: $found" >&2; exit 1; }
}

mkdir "$source"
GIT_CEILING_DIRECTORIES=$folder expect unknown
git -C "$source" init -q
echo one > "$source/file"
git -C "$source" add file
git -C "$source" -c user.name=test -c user.email=test@example.com commit -q -m first
commit=$(git -C "$source" rev-parse --short HEAD)
expect "$commit"
touch -d '2000-01-01' "$header"
expect "$commit"
[[ $(stat -c %Y "$header") -lt 1000000000 ]] || { echo "the same commit was written anew" >&2; exit 1; }
echo two > "$source/file"
expect "$commit-dirty"
