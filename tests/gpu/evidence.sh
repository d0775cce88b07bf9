#!/usr/bin/env bash
# Everything that a GPU can say of this build, in under nine minutes: the engine and every kernel against the
# reference, the PTX machine's opcodes, the sanitizers on a short list, the benchmarks. Needs bash and coreutils; the
# sanitizers and PyTorch where they are found.
#
#   evidence.sh PROGRAMS OUT    PROGRAMS: the folder of the built programs; OUT: gets logs and <gpu>-<date>.json
#
# Exit codes: 0 all that was found passed, 1 a step failed, hung or lacks its program, 4 the time was too short for all of them, 77 no
# GPU (then the steps are rehearsed and say so).
set -uo pipefail
[ $# -eq 2 ] || { echo "usage: evidence.sh PROGRAMS OUT" >&2; exit 2; }
programs=$(cd "$1" && pwd) || exit 2
mkdir -p "$2" && out=$(cd "$2" && pwd) || exit 2
export PATH="$PATH:/usr/local/cuda/bin:/usr/local/cuda/compute-sanitizer"
readonly kLimit=540 # Seconds of the whole.
readonly kSanitized=(--gtest_filter='*ShortList*') kStart=$SECONDS
commit=$(cat "$programs/commit.txt" 2> /dev/null || echo "${PERCEPTRON_COMMIT:-unknown}")
steps=() has_failed=no is_complete=yes

left() { echo $((kLimit - SECONDS + kStart)); }

# record STEP STATUS SECONDS: one line of the table and of the results file.
record() {
  steps+=("$(printf '{"step": "%s", "status": "%s", "seconds": %d}' "$1" "$2" "$3")")
  printf '%-28s %-12s %4d s\n' "$1" "$2" "$3" | tee -a "$out/table.txt"
  case $2 in
    failed | hung) has_failed=yes ;;
    "no time") is_complete=no ;;
  esac
}

# step NAME SECONDS COMMAND…: at most that long, its output in OUT/NAME.log. A test that does not end is one that fails,
# unless what was left of the whole was shorter than its own time.
step() {
  local name=$1 seconds=$2 begin=$SECONDS status
  shift 2
  local ended=hung
  [ "$seconds" -le "$(left)" ] || { seconds=$(left); ended="no time"; }
  if [ "$seconds" -lt 5 ]; then record "$name" "no time" 0; return; fi
  if ! command -v "$1" > /dev/null; then
    case $1 in "$programs"/*) status=failed ;; *) status="not found" ;; esac
    record "$name" "$status" 0
    return
  fi
  timeout -k 10 "$seconds" "$@" > "$out/$name.log" 2>&1
  case $? in
    0) status=passed ;;
    77) status="no device" ;;
    124 | 137) status=$ended ;;
    *) status=failed ;;
  esac
  record "$name" "$status" $((SECONDS - begin))
  if [ "$status" = failed ]; then tail -n 20 "$out/$name.log"; fi
}

rm -f "$out"/{table.txt,benchmarks.json,benchmarks.log,pytorch.json} # Of an earlier build.
"$programs/perceptron" info | tee "$out/info.txt"
if grep -q '^no GPU' "$out/info.txt"; then gpu=none; else
  gpu=$(sed -n 's/^cuda:0 .*NVIDIA \([A-Za-z0-9]*\).*/\1/p' "$out/info.txt" | tr '[:upper:]' '[:lower:]')
  export PERCEPTRON_REQUIRE_GPU=1
  nvidia-smi > "$out/nvidia-smi.txt" 2>&1 || true
fi

step accelerator 60 "$programs/gpu_accelerator_test"
step graph_example 30 "$programs/gpu_graph"
# The driver compiles some 3000 snippets, each in some 10 to 30 ms: four processes at once.
step opcodes 90 bash -c 'code=0
  for shard in 0 1 2 3; do GTEST_TOTAL_SHARDS=4 GTEST_SHARD_INDEX=$shard "$0" & done
  for job in $(jobs -p); do wait "$job" || code=$?; done
  exit $code' "$programs/gpu_opcode_test"
step kernels 150 "$programs/gpu_conformance_test"
if [ "$gpu" = none ]; then record engine "no device" 0; else
  step engine 60 "$programs/conformance_test" --gtest_filter='*cuda*'
fi
for tool in memcheck racecheck initcheck synccheck; do
  if [ "$gpu" = none ]; then record "$tool" "no device" 0; continue; fi
  step "$tool" 60 compute-sanitizer --tool "$tool" --error-exitcode 1 "$programs/gpu_conformance_test" "${kSanitized[@]}"
done
has_torch=no
if [ "$gpu" != none ] && timeout 60 python3 -c 'import torch' 2> /dev/null; then has_torch=yes; fi
reserved=$([ $has_torch = yes ] && echo 60 || echo 15) # PyTorch takes some 15 s to load.
bench_seconds=$(($(left) - reserved - 25))
# Where cuBLAS came with a Python package. cu13: of CUDA 13; cublas: of those before.
cublas=()
for folder in $(timeout 20 python3 -c 'import nvidia; print(*nvidia.__path__)' 2> /dev/null); do
  for name in cu13/lib cublas/lib; do [ -d "$folder/$name" ] && cublas+=(--cublas "$folder/$name"); done
done
step benchmarks $(($(left) - reserved)) "$programs/perceptron_gpu_bench" --seconds "$((bench_seconds > 10 ? bench_seconds : 10))" \
  --commit "$commit" --json "$out/benchmarks.json" ${cublas[@]+"${cublas[@]}"}
if [ $has_torch = yes ]; then
  step pytorch 55 python3 "$programs/peers_pytorch.py" --seconds 20 --json "$out/pytorch.json"
fi

# The results file: what was run, and the benchmarks' own report.
json_of() { if [ -s "$out/$1.json" ]; then cat "$out/$1.json"; else echo null; fi; }
results="$out/${gpu:-gpu}-$(date +%Y-%m-%d).json"
{
  printf '{\n"commit": "%s",\n"date": "%s",\n"gpu": "%s",\n"steps": [\n' "$commit" "$(date -u +%Y-%m-%dT%H:%MZ)" "$gpu"
  (IFS=$'\n'; echo "${steps[*]}") | sed '$!s/$/,/'
  printf '],\n"benchmarks": '
  json_of benchmarks
  printf ',\n"pytorch": '
  json_of pytorch
  printf '}\n'
} > "$results"

echo
grep -v '^$' "$out/benchmarks.log" 2> /dev/null | tail -n 60
echo
cat "$out/table.txt"
echo "results: $results"
[ "$gpu" = none ] && exit 77
[ $has_failed = no ] || exit 1
[ $is_complete = yes ] || exit 4
