#!/usr/bin/env python3
"""What of each kernel family has run where: the table between the marks of kernels/README.md.

usage: where_run.py --entries PROGRAM --results FOLDER --readme kernels/README.md [--write]

PROGRAM prints the build's entries, one per line, the entry first (tests/sass/kernel_entries.cpp). FOLDER holds the
results files of tests/gpu/evidence.sh. Without --write: exit 1 where the table in the README is another one.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

BEGIN, END = "<!-- where-run:begin -->", "<!-- where-run:end -->"
DTYPES = ("f64", "f32", "f16", "bf16")
# Entries that are named by the bytes they move serve the dtypes of that size.
BYTES = {"2": ("f16", "bf16"), "4": ("f32",), "8": ("f64",)}


def families(program):
    """Family → dtype → entries."""
    found = {}
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    for entry in sorted({line.split("\t")[0] for line in lines}):
        family = re.match(r"row_dot|row_softmax|tile_fma|weight_stream|[a-z]+", entry).group()
        last = entry.rsplit("_", 1)[1]
        for dtype in BYTES.get(last, (last,)):
            found.setdefault(family, {}).setdefault(dtype, set()).add(entry)
    return found


def runs(folder):
    """One line per results file whose kernels passed or failed on a GPU."""
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        data = json.loads(path.read_text())
        for step in data.get("steps", []):
            if step["step"] == "kernels" and step["status"] in ("passed", "failed"):
                yield f"{data['gpu']} {data['date'][:10]}, commit {data['commit']}: {step['status']}"


def table(found, gpu_runs):
    on_gpu = "; ".join(gpu_runs) or "never run on a GPU"
    lines = ["| family | dtype | entries | executed by the PTX machine | run on a GPU |", "|---|---|---|---|---|"]
    for family, dtypes in sorted(found.items()):
        for dtype in (d for d in DTYPES if d in dtypes):
            lines.append(f"| {family} | {dtype} | {len(dtypes[dtype])} | every one, in CI | {on_gpu} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--entries", "--results", "--readme"):
        parser.add_argument(name, required=True)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    readme = pathlib.Path(arguments.readme)
    text = readme.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    made = f"{before}{BEGIN}\n{table(families(arguments.entries), list(runs(arguments.results)))}\n{END}{after}"
    if arguments.write:
        readme.write_text(made)
    elif made != text:
        sys.exit(f"{readme}: the table of what has run where is stale; ./dev sass --write makes it anew")


if __name__ == "__main__":
    main()
