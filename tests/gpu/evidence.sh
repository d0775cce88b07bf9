#!/usr/bin/env bash
# Everything that a GPU can say of this build, in under nine minutes: the engine and every kernel against the
# reference, the PTX machine's opcodes, the sanitizers on a short list, the benchmarks. Needs bash and coreutils; the
# sanitizers and PyTorch where they are found.
#
#   evidence.sh PROGRAMS OUT    PROGRAMS: the folder of the built programs; OUT: gets logs and <gpu>-<date>.json
#
# Exit codes: 0 all passed, 1 a step failed, 77 no GPU (then the steps are rehearsed and say so).
set -uo pipefail
[ $# -eq 2 ] || { echo "usage: evidence.sh PROGRAMS OUT" >&2; exit 2; }
programs=$(cd "$1" && pwd) || exit 2
mkdir -p "$2" && out=$(cd "$2" && pwd) || exit 2
export PATH="$PATH:/usr/local/cuda/bin:/usr/local/cuda/compute-sanitizer"
readonly kLimit=540 # Seconds of the whole.
readonly kSanitized=(--gtest_filter='*ShortList*') kStart=$SECONDS
commit=$(cat "$programs/commit.txt" 2> /dev/null || echo "${PERCEPTRON_COMMIT:-unknown}")
steps=() has_failed=no

left() { echo $((kLimit - SECONDS + kStart)); }

# record STEP STATUS SECONDS: one line of the table and of the results file.
record() {
  steps+=("$(printf '{"step": "%s", "status": "%s", "seconds": %d}' "$1" "$2" "$3")")
  printf '%-28s %-12s %4d s\n' "$1" "$2" "$3" | tee -a "$out/table.txt"
  [ "$2" = failed ] && has_failed=yes
}

# step NAME SECONDS COMMAND…: at most that long, its output in OUT/NAME.log.
step() {
  local name=$1 seconds=$2 begin=$SECONDS status
  shift 2
  [ "$seconds" -le "$(left)" ] || seconds=$(left)
  if [ "$seconds" -lt 5 ]; then record "$name" "no time" 0; return; fi
  if ! command -v "$1" > /dev/null; then record "$name" "not found" 0; return; fi
  timeout "$seconds" "$@" > "$out/$name.log" 2>&1
  case $? in
    0) status=passed ;;
    77) status="no device" ;;
    124) status="no time" ;;
    *) status=failed ;;
  esac
  record "$name" "$status" $((SECONDS - begin))
  if [ "$status" = failed ]; then tail -n 20 "$out/$name.log"; fi
}

rm -f "$out/table.txt"
"$programs/perceptron" info | tee "$out/info.txt"
if grep -q '^no GPU' "$out/info.txt"; then gpu=none; else
  gpu=$(sed -n 's/^cuda:0 .*NVIDIA \([A-Za-z0-9]*\).*/\1/p' "$out/info.txt" | tr '[:upper:]' '[:lower:]')
  export PERCEPTRON_REQUIRE_GPU=1
  nvidia-smi > "$out/nvidia-smi.txt" 2>&1 || true
fi

step accelerator 60 "$programs/gpu_accelerator_test"
step graph_example 30 "$programs/gpu_graph"
step opcodes 90 "$programs/gpu_opcode_test"
step kernels 150 "$programs/gpu_conformance_test"
if [ "$gpu" = none ]; then record engine "no device" 0; else
  step engine 60 "$programs/conformance_test" --gtest_filter='*cuda*'
fi
for tool in memcheck racecheck initcheck synccheck; do
  if [ "$gpu" = none ]; then record "$tool" "no device" 0; continue; fi
  step "$tool" 60 compute-sanitizer --tool "$tool" --error-exitcode 1 "$programs/gpu_conformance_test" "${kSanitized[@]}"
done
bench_seconds=$(($(left) - 45))
step benchmarks $(($(left) - 20)) "$programs/perceptron_gpu_bench" --seconds "$((bench_seconds > 10 ? bench_seconds : 10))" \
  --commit "$commit" --json "$out/benchmarks.json"
if [ "$gpu" != none ] && python3 -c 'import torch' 2> /dev/null; then
  step pytorch 20 python3 "$programs/peers_pytorch.py" --seconds 12 --json "$out/pytorch.json"
fi

# The results file: what was run, and the benchmarks' own report.
results="$out/${gpu:-gpu}-$(date +%Y-%m-%d).json"
{
  printf '{\n"commit": "%s",\n"date": "%s",\n"gpu": "%s",\n"steps": [\n' "$commit" "$(date -u +%Y-%m-%dT%H:%MZ)" "$gpu"
  (IFS=$'\n'; echo "${steps[*]}") | sed '$!s/$/,/'
  printf '],\n"benchmarks": '
  cat "$out/benchmarks.json" 2> /dev/null || echo null
  printf '}\n'
} > "$results"

echo
grep -v '^$' "$out/benchmarks.log" 2> /dev/null | tail -n 60
echo
cat "$out/table.txt"
echo "results: $results"
[ "$gpu" = none ] && exit 77
[ $has_failed = no ]
