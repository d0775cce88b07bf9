#!/usr/bin/env bash
# Every snippet of the opcode tests is PTX that ptxas takes, and so a GPU's driver: the machine is not tested on what no
# GPU would run.
#
#   assemble_snippets.sh PTX_OPCODE_TEST PTXAS
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: assemble_snippets.sh PTX_OPCODE_TEST PTXAS" >&2; exit 2; }
program=$1 ptxas=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
PERCEPTRON_SNIPPET_FOLDER=$folder "$program" --gtest_brief=1
# Many tests use one text.
(cd "$folder" && md5sum -- *.ptx | awk 'seen[$1]++ {print $2}' | xargs -r rm --)
assemble() {
  if ! "$1" -arch=sm_90a -o "$2.cubin" "$2" > "$2.log" 2>&1; then
    cat "$2.log" "$2"
    exit 1
  fi
}
export -f assemble
find "$folder" -name '*.ptx' -print0 | xargs -0 -P "$(nproc)" -I{} bash -c 'assemble "$@"' _ "$ptxas" {}
echo "$(find "$folder" -name '*.cubin' | wc -l) snippets assembled"
