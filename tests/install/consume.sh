#!/usr/bin/env bash
# Installs the build into a folder, moves the folder, and builds and runs the consumer against it in both ways.
set -euo pipefail
cmake=$1 build=$2 libdir=$3 compiler=$4
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$cmake" --install "$build" --prefix "$work/first" > "$work/log" || { cat "$work/log"; exit 1; }
mv "$work/first" "$work/moved"
"$cmake" -S "$here/consumer" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/moved" -DCMAKE_CXX_COMPILER="$compiler"
"$cmake" --build "$work/cmake"
test "$(LD_LIBRARY_PATH="$work/moved/$libdir" "$work/cmake/consumer")" = 0.5

export PKG_CONFIG_PATH="$work/moved/$libdir/pkgconfig" LD_LIBRARY_PATH="$work/moved/$libdir"
make -C "$here/consumer" CXX="$compiler" OUT="$work/made"
test "$("$work/made")" = 0.5
"$work/moved/bin/perceptron" --version

# The README's programs, as a reader would copy them.
awk -v out="$work/readme" '/^```cpp/ {n++; on=1; next} /^```/ {on=0} on {print > (out n ".cpp")}' "$here/../../README.md"
for program in "$work"/readme*.cpp; do
  "$compiler" -std=c++20 "$program" -o "${program%.cpp}" $(pkg-config --cflags --libs perceptron)
  "${program%.cpp}" > "${program%.cpp}.out"
done
printf '0.5\n' | diff - "$work/readme1.out"
printf '0 0\n1 0\n1 1\n' | diff - "$work/readme2.out"
