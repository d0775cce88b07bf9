#!/usr/bin/env python3
"""Prints the Markdown summary of a results file, or puts it into a README between its bench marks.

usage: summary.py RESULTS.json [--readme README.md] [--picture SPEED.svg] [--check]

RESULTS.json is what `perceptron_bench --compare --json` writes. Needs nothing but Python. With --check nothing is
written: exit code 1 where a file is not what the results say.
"""
import argparse
import json
import math
import pathlib
import sys

from picture import OURS, picture

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def duration(nanoseconds):
    for unit, size in (("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def rate(result):
    """GFLOP/s, and GB/s where a multiply-add per byte or less makes memory the limit."""
    if result["gflops"] < 2 * result["gbytes_per_s"]:
        return f"{result['gbytes_per_s']:.3g} GB/s"
    return f"{result['gflops']:.3g} GFLOP/s"


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def shape(problem):
    return problem.removesuffix(":f32:relu")


def rows(data, threads):
    timed = {(r["problem"], r["contender"]): r for r in data["results"] if r["threads"] == threads}
    for ratio in data["ratios"]:
        if ratio["threads"] != threads or "ratio" not in ratio:
            continue
        problem = ratio["problem"]
        ours, best = timed[problem, OURS], timed[problem, ratio["best_peer"]]
        yield (f"`{shape(problem)}`", f"{duration(ours['median_ns'])} · {rate(ours)}",
               f"{ratio['best_peer']} {duration(best['median_ns'])}", f"{ratio['ratio']:.2f}×")


def table(data, threads):
    lines = [f"| rows×inputs×outputs, {threads} thread{'s' * (threads > 1)} | ours | best peer | faster |",
             "|---|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows(data, threads)]
    ratios = [r["ratio"] for r in data["ratios"] if r["threads"] == threads and "ratio" in r]
    if ratios:
        lines.append(f"| geometric mean | | | **{geometric_mean(ratios):.2f}×** |")
    return "\n".join(lines)


def remarks(data):
    parts = []
    for ratio in data["ratios"]:
        if "share_of_memcpy" in ratio:
            parts.append(f"`{shape(ratio['problem'])}` on {ratio['threads']} moves its bytes at "
                         f"{100 * ratio['share_of_memcpy']:.0f} % of memcpy's rate")
    for timing in data["activations"]:
        name = timing["problem"].rsplit(":", 1)[1]
        if name != "relu":
            parts.append(f"{name} takes {timing['ratio_to_relu']:.2f}× the relu time of `{timing['problem'].split(':')[0]}` "
                         f"on {timing['threads']}")
    return "; ".join(parts) + "." if parts else ""


def summary(data):
    machine = data["machine"]
    head = (f"f32, relu, weights prepared beforehand for everybody, medians of interleaved rounds. {machine['cpu']}, "
            f"{machine['cores']} cores, {machine['kernel']}, {machine['compiler']}; {data['date'][:10]}, "
            f"commit {data['commit']}.")
    return "\n\n".join(filter(None, [head, *(table(data, n) for n in data["threads"]), remarks(data)]))


def with_text_between_marks(path, text):
    page = path.read_text(encoding="utf-8")
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        sys.exit(f"{path}: expected one {BEGIN} before one {END}")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--readme", type=pathlib.Path, help="replace the text between the bench marks of this file")
    parser.add_argument("--picture", type=pathlib.Path, help="write the picture there")
    parser.add_argument("--check", action="store_true", help="write nothing, compare with what is there")
    arguments = parser.parse_args()
    data = json.loads(arguments.results.read_text(encoding="utf-8"))
    if not arguments.readme and not arguments.picture:
        print(summary(data))
    wanted = {}
    if arguments.readme:
        wanted[arguments.readme] = with_text_between_marks(arguments.readme, summary(data))
    if arguments.picture:
        wanted[arguments.picture] = picture(data)
    for path, content in wanted.items():
        if not arguments.check:
            path.write_text(content, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != content:
            sys.exit(f"{path} is not what {arguments.results} says; run summary.py without --check")


if __name__ == "__main__":
    main()
