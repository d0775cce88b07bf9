#!/usr/bin/env python3
"""What ptxas made of every kernel entry, as a table, and the gate over it.

usage: sass.py --entries kernel_entries --kernels BUILD/kernels --nvdisasm PATH --ptxas PATH --table sass.md [--write]

Fails on a spill, a stack frame, an entry that the table lacks, and a figure worse than the table's. --write makes
the table anew. The hot loop is the innermost loop with the most multiply-adds that divides nothing: the loop of the
epilogue does. Loops nested in it without multiply-adds (copies in single elements) are alternatives and not counted.
"""
import argparse
import pathlib
import re
import subprocess
import sys

COLUMNS = ["entry", "sm", "registers", "shared bytes", "warps", "loop", "fma %", "shared loads", "conversions"]
HEAD = """# What ptxas made of the kernels

Made by `./dev sass --write`, checked by `./dev sass` and by the test `sass`; ptxas {version}. No entry spills or has a
stack frame.

- shared bytes, warps: of the launch for one row, input and output (weight_stream takes more for larger ones); warps are
  those resident on a multiprocessor of an A100 (sm 80), or an H100 or H200 (sm 90a).
- loop: instructions of the hot loop; fma %: FFMA and DFMA among them, a static count and not a speed.
- shared loads: width in bits × how many in the hot loop. conversions: how many in the hot loop.
- pack has no multiply-adds, hence no hot loop.

What keeps the share of tile_fma from 100 %, per stage of 128x128 in f32: 64 shared loads beside 1,024 FFMA, all 128 bits wide;
the rest copies the next stage (its addresses, bounds and copies), derives the thread's places and turns the loop.

"""


def loops(lines):
    """(first, last) line of every loop: a branch back to a label."""
    labels = {m[1]: i for i, line in enumerate(lines) if (m := re.match(r"(\.L_\w+):", line))}
    for i, line in enumerate(lines):
        target = re.search(r"\bBRA\b.*`\((\.L_\w+)\)", line)
        if target and labels.get(target[1], i) < i:
            yield labels[target[1]], i


def opcodes(lines):
    """The opcode of each line that is an instruction, "NOP" for one that never executes (@!PT)."""
    found = (re.match(r"\s+/\*[0-9a-f]+\*/\s+(@!?U?P\w+\s+)?([A-Z][\w.]*)", line) for line in lines)
    return ["NOP" if m[1] and m[1].strip() == "@!PT" else m[2] for m in found if m]


def multiply_adds(codes):
    return sum(code.split(".")[0] in ("FFMA", "DFMA") for code in codes)


def hot_loop(lines):
    """The opcodes of the hot loop; none where no loop multiplies and adds."""
    found = set(loops(lines))
    busy = [loop for loop in found if multiply_adds(opcodes(lines[loop[0]:loop[1] + 1]))]

    def own_opcodes(loop):
        idle = [other for other in found - set(busy) if loop[0] <= other[0] and other[1] <= loop[1]]
        return opcodes(line for i, line in enumerate(lines) if loop[0] <= i <= loop[1] and
                       not any(other[0] <= i <= other[1] for other in idle))

    inner = (own_opcodes(loop) for loop in busy if not any(
        other != loop and loop[0] <= other[0] and other[1] <= loop[1] for other in busy))
    return max((codes for codes in inner if not any(code.startswith("MUFU") for code in codes)),
               key=multiply_adds, default=[])


def load_width(code):
    return next((part for part in code.split(".")[1:] if part in ("64", "128")), "32")


def figures(codes):
    loads = [load_width(code) for code in codes if code.split(".")[0] == "LDS"]
    widths = ", ".join(f"{width} × {loads.count(width)}" for width in ("128", "64", "32") if width in loads)
    share = 100 * multiply_adds(codes) / max(len(codes), 1)
    conversions = sum(bool(re.match(r"F2F|I2F|F2I|HADD2\.F32|F2FP", code)) for code in codes)
    return [str(len(codes)), f"{share:.1f}", widths or "none", str(conversions)]


def disassembly(nvdisasm, folder):
    """(entry, architecture) → the lines of its code."""
    found = {}
    for cubin in sorted(pathlib.Path(folder).glob("*.cubin")):
        text = subprocess.run([nvdisasm, "-c", cubin], check=True, capture_output=True, text=True).stdout
        architecture = re.search(r"\.sm_(\w+)\.cubin", cubin.name)[1]
        for section in re.split(r"^\s*\.section\s+\.text\.", text, flags=re.M)[1:]:
            found[re.match(r"\w+", section)[0], architecture] = section.splitlines()
    return found


def build_rows(arguments):
    code = disassembly(arguments.nvdisasm, arguments.kernels)
    known = subprocess.run([arguments.entries], check=True, capture_output=True, text=True).stdout
    for line in known.splitlines():
        entry, architecture, registers, shared, spilled, stack, *warps = line.split("\t")
        if int(spilled) or int(stack):
            sys.exit(f"{entry} sm_{architecture}: {spilled} bytes spilled, {stack} bytes of stack")
        resident = ", ".join(sorted({item.split(":")[1] for item in warps})) or "-"
        yield [entry, architecture, registers, shared, resident, *figures(hot_loop(code[entry, architecture]))]


def read_table(path):
    cells = ([cell.strip() for cell in line.strip().strip("|").split("|")]
             for line in path.read_text().splitlines() if line.startswith("| "))
    return {(row[0], row[1]): row for row in cells if row[0] != COLUMNS[0]}


def narrow_loads(row):
    return sum(int(count) for width, count in re.findall(r"(\d+) × (\d+)", row[7]) if width != "128")


def complaints(row, known):
    """The figures of row that are worse than those of known."""
    worse = {
        COLUMNS[2]: int(row[2]) > int(known[2]),
        COLUMNS[3]: int(row[3]) > int(known[3]),
        COLUMNS[4]: row[4] != "-" and int(row[4]) < int(known[4]),
        COLUMNS[6]: float(row[6]) < float(known[6]),
        COLUMNS[7]: narrow_loads(row) > narrow_loads(known),
        COLUMNS[8]: int(row[8]) > int(known[8]),
    }
    return [f"{name} {row[COLUMNS.index(name)]}, was {known[COLUMNS.index(name)]}"
            for name, bad in worse.items() if bad]


def check(rows, path, version):
    known = read_table(path)
    if f"ptxas {version}." not in path.read_text():
        print(f"{path} was made by another ptxas than {version}: only spills and stack frames were checked")
        return 0
    failures = 0
    for row in rows:
        before = known.get((row[0], row[1]))
        problems = ["not in the table"] if before is None else complaints(row, before)
        for problem in problems:
            print(f"{row[0]} sm_{row[1]}: {problem}")
        failures += bool(problems)
    print(f"{len(rows)} entries checked, {failures} worse than {path}" +
          ("; ./dev sass --write takes them over" if failures else ""))
    return int(failures > 0)


def write(rows, path, version):
    lines = [" | ".join(COLUMNS), " | ".join("---" for _ in COLUMNS), *(" | ".join(row) for row in rows)]
    path.write_text(HEAD.format(version=version) + "".join(f"| {line} |\n" for line in lines))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("entries", "kernels", "nvdisasm", "ptxas"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--table", required=True, type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    report = subprocess.run([arguments.ptxas, "--version"], check=True, capture_output=True, text=True).stdout
    version = re.search(r"release ([\d.]+), V([\d.]+)", report)[2]
    rows = list(build_rows(arguments))
    return (write if arguments.write else check)(rows, arguments.table, version)


if __name__ == "__main__":
    sys.exit(main())
