#!/usr/bin/env bash
# command_test.sh COMMAND DIGITS: the command's verbs on "cuda:0", over a CUDA runtime whose devices are PTX machines.
# DIGITS is the folder of tests/data/digits.
set -euo pipefail
command=$1 digits=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

expect() {  # expect WORDS COMMAND…: it succeeds and says so
  local words=$1 out
  shift
  out=$("$@" 2>&1) || { echo "failed: $*"; echo "$out"; exit 1; }
  [[ $out == *"$words"* ]] || { echo "\"$words\" is not in the output of $*:"; echo "$out"; exit 1; }
}

expect 'Stand-in' "$command" info
for device in cpu cuda:0; do
  expect '' "$command" run "$digits/digits.safetensors" "$digits/images.npy" "$folder/$device.npy" --device $device --check
done
cmp "$folder/cpu.npy" "$folder/cuda:0.npy"
expect 'PASSED' "$command" validate --device cuda --suite quick --problem 33x300x17:f32:gelu
expect 'PASSED' "$command" validate --device cuda --suite quick --problem 2@9x40x3:bf16-f32:softmax
expect 'staging in' "$command" bench 16x64x8:f32:relu --device cuda:0 --seconds 0.05 --json "$folder/bench.json"
expect 'rows/s' "$command" bench --model "$digits/digits.safetensors" --rows 4 --device cuda:0 --seconds 0.05
grep -q '"staging_out_ns"' "$folder/bench.json"
