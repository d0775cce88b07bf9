#!/usr/bin/env python3
"""Shows what moved beyond noise between two result files of `perceptron bench --json` or `perceptron_bench --compare
--json`.

usage: compare.py OLD.json NEW.json [--least 0.03]

A result moved where the quartiles of old and new do not overlap and the medians differ by more than --least of the
old one. Exit codes: 0 nothing is slower, 1 something is slower beyond noise, 2 a file cannot be read or compared.
Needs nothing but Python.
"""
import argparse
import json
import os
import sys

TIMES = ("median_ns", "p25_ns", "p75_ns")


class BadFile(Exception):
    pass


def key(result):
    return result["problem"], result["device"], result["threads"]


def check(path, result):
    if not isinstance(result, dict):
        raise BadFile(f"{path}: a result is {type(result).__name__}, expected an object")
    for field in ("problem", "device", "threads", *TIMES):
        if field not in result:
            raise BadFile(f"{path}: a result lacks \"{field}\": {json.dumps(result)[:80]}")
    for field in TIMES:
        value = result[field]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            raise BadFile(f"{path}: \"{field}\" of {result['problem']} is {value!r}, expected a number above 0")


def ours(data):
    """The results without peers, which `perceptron_bench --compare` lists beside ours, all of them of the CPU."""
    for result in data["results"]:
        if not isinstance(result, dict) or "contender" not in result:
            yield result
        elif result["contender"] == "perceptron":
            yield {"device": "cpu", **result}


def read(path):
    """Results by problem, device and threads."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise BadFile(f"{path}: no JSON: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("results"), list):
        raise BadFile(f"{path}: expected an object with \"results\", as `perceptron bench --json` writes it")
    results = list(ours(data))
    for result in results:
        check(path, result)
    return data, {key(result): result for result in results}


def verdict(old, new, least):
    change = new["median_ns"] / old["median_ns"] - 1
    if new["p25_ns"] > old["p75_ns"] and change > least:
        return "slower"
    if new["p75_ns"] < old["p25_ns"] and change < -least:
        return "faster"
    return "same"


def duration(nanoseconds):
    for unit, size in (("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.4g} {unit}"
    return f"{nanoseconds:.4g} ns"


def line(name, old, new, word):
    problem, device, threads = name
    change = 100 * (new["median_ns"] / old["median_ns"] - 1)
    return (f"{word}  {change:+6.1f} %  {problem} on {device}, threads {threads}: "
            f"{duration(old['median_ns'])} -> {duration(new['median_ns'])}, quartiles "
            f"{duration(old['p25_ns'])} .. {duration(old['p75_ns'])} -> "
            f"{duration(new['p25_ns'])} .. {duration(new['p75_ns'])}")


def warn_of_machines(old, new):
    machines = [data.get("machine") or {} for data in (old, new)]
    for field in ("cpu", "cores", "compiler"):
        before, after = (machine.get(field) for machine in machines)
        if before != after:
            print(f"note: {field} differs: {before} -> {after}")


def compare(arguments):
    old_data, old = read(arguments.old)
    new_data, new = read(arguments.new)
    shared = [name for name in old if name in new]
    if not shared:
        raise BadFile(f"{arguments.old} and {arguments.new} share no problem on the same device and threads")
    warn_of_machines(old_data, new_data)
    words = {name: verdict(old[name], new[name], arguments.least) for name in shared}
    for word in ("slower", "faster"):
        for name in shared:
            if words[name] == word:
                print(line(name, old[name], new[name], word))
    counts = [list(words.values()).count(word) for word in ("slower", "faster", "same")]
    alone = len(old) + len(new) - 2 * len(shared)
    print(f"{counts[0]} slower, {counts[1]} faster, {counts[2]} the same within noise; {alone} in one file only")
    return 1 if counts[0] else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--least", type=float, default=0.03,
                        help="changes up to this share of the old median count as none; default 0.03")
    try:
        code = compare(parser.parse_args())
        sys.stdout.flush()
        sys.exit(code)
    except BrokenPipeError:  # Whoever reads has seen enough; the verdict is unknown to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
    except BadFile as error:
        print(f"compare.py: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
