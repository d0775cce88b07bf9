#!/usr/bin/env python3
"""Times PyTorch on the GPU benchmark's problems, in the same manner as perceptron_gpu_bench.

usage: peers_pytorch.py [PROBLEM …] [--device cuda:0] [--seconds 120] [--compile] [--json FILE]

Needs PyTorch with CUDA; ends with exit code 77 and one line where it or a GPU is missing.
"""
import argparse
import json
import re
import statistics
import sys
import time

PROBLEMS = ["1048576x1024x1:f32:relu", "2097152x1024x16:bf16:relu", "1x4096x4096:f32:relu", "1x8192x8192:bf16:relu",
            "4096x4096x4096:f32:gelu", "8192x8192x8192:f32:gelu", "4096x4096x4096:f64:gelu",
            "4096x4096x4096:bf16:gelu_tanh", "4096x4096x4096:f16:relu", "1024x1024x1024:f32:relu",
            "256x784x512:f32:relu", "65536x784x128:f32:relu"]
GRAMMAR = re.compile(r"(\d+)x(\d+)x(\d+):(f64|f32|f16|bf16):([a-z_]+)(:nobias)?")
FEWEST_SAMPLES, MOST_SAMPLES, SCATTER_TARGET = 10, 400, 0.005
HOLD_CLOCKS = 2_000_000  # About a millisecond, in which everything is queued behind the hold.


def fail(code, what):
    print(f"peers_pytorch.py: {what}", file=sys.stderr)
    sys.exit(code)


def import_torch():
    try:
        import torch
    except ImportError as error:
        fail(77, f"no PyTorch: {error}; install PyTorch with CUDA")
    if not torch.cuda.is_available():
        fail(77, f"no device: PyTorch {torch.__version__} finds no GPU")
    return torch


def activation(torch, name):
    functional = torch.nn.functional
    table = {"identity": lambda z: z, "relu": torch.relu_, "sigmoid": torch.sigmoid_, "tanh": torch.tanh_,
             "gelu": functional.gelu, "gelu_tanh": lambda z: functional.gelu(z, approximate="tanh"),
             "silu": lambda z: functional.silu(z, inplace=True), "elu": functional.elu_, "selu": functional.selu_,
             "mish": lambda z: functional.mish(z, inplace=True), "softplus": functional.softplus,
             "softmax": lambda z: torch.softmax(z, 1)}
    return table.get(name)


class Problem:
    """One group, one dtype: the part of the grammar that one call of PyTorch's serves."""

    def __init__(self, torch, text):
        match = GRAMMAR.fullmatch(text)
        if not match or not activation(torch, match[5]):
            fail(2, f'problem "{text}": expected ROWSxINPUTSxOUTPUTS:dtype:activation[:nobias] with an activation '
                    "that PyTorch has")
        self.text, self.has_bias = text, match[6] is None
        self.rows, self.inputs, self.outputs = (int(match[i]) for i in (1, 2, 3))
        self.dtype = {"f64": torch.float64, "f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[match[4]]
        self.function = activation(torch, match[5])
        self.item_bytes = torch.empty(0, dtype=self.dtype).element_size()

    def flops(self):
        return 2 * self.rows * self.inputs * self.outputs

    def bytes(self):
        elements = self.rows * (self.inputs + self.outputs) + self.outputs * (self.inputs + self.has_bias)
        return elements * self.item_bytes


class Timer:
    """A hold, event, the call, event, all queued before the hold ends; the cache emptied before."""

    def __init__(self, torch, device):
        self.torch = torch
        l2_bytes = getattr(torch.cuda.get_device_properties(device), "L2_cache_size", 64 << 20)
        self.flush = torch.empty(2 * l2_bytes // 4, dtype=torch.int32, device=device)

    def sample(self, call):
        """Nanoseconds, or None where the hold ended before all was queued."""
        torch = self.torch
        start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        self.flush.zero_()
        self.flush.sum()
        torch.cuda.synchronize()
        torch.cuda._sleep(HOLD_CLOCKS)
        start.record()
        call()
        stop.record()
        was_held = not start.query()
        torch.cuda.synchronize()
        return 1e6 * start.elapsed_time(stop) if was_held else None


def quartiles(times):
    p25, median, p75 = statistics.quantiles(times, n=4, method="inclusive")
    return {"median_ns": median, "p25_ns": p25, "p75_ns": p75}


def is_settled(times):
    if len(times) < FEWEST_SAMPLES:
        return False
    q = quartiles(times)
    return 1.2533 * (q["p75_ns"] - q["p25_ns"]) / 1.349 / len(times)**0.5 / q["median_ns"] <= SCATTER_TARGET


def measure(timer, call, seconds):
    for _ in range(3):
        call()
    until, kept, unheld = time.monotonic() + seconds, [], 0
    while len(kept) + unheld < MOST_SAMPLES and not is_settled(kept):
        sample = timer.sample(call)
        if sample is None:
            unheld += 1
        else:
            kept.append(sample)
        if time.monotonic() > until:
            break
    return kept, unheld


def ways(torch, problem, device, is_compiled):
    """Eager linear and f as PyTorch users write it; with --compile the same through torch.compile."""
    def make(*size):
        return torch.rand(*size, device=device, dtype=torch.float32).mul_(2).sub_(1).to(problem.dtype)

    x, weight = make(problem.rows, problem.inputs), make(problem.outputs, problem.inputs)
    bias = make(problem.outputs) if problem.has_bias else None

    def layer():
        return problem.function(torch.nn.functional.linear(x, weight, bias))

    yield "torch", "eager: functional.linear, then f", layer
    if is_compiled:
        yield "torch-compile", "torch.compile, max-autotune-no-cudagraphs", torch.compile(
            layer, mode="max-autotune-no-cudagraphs")


def results_of(torch, problem, arguments, timer, seconds):
    for contender, way, call in ways(torch, problem, arguments.device, arguments.compile):
        times, unheld = measure(timer, call, seconds)
        if len(times) < 2:
            print(f"{problem.text}: {contender}: every sample ran before it was queued", file=sys.stderr)
            continue
        q = quartiles(times)
        yield {"problem": problem.text, "contender": contender, "way": way, **q,
               "gflops": problem.flops() / q["median_ns"], "gbytes_per_s": problem.bytes() / q["median_ns"],
               "samples": len(times), "rejected": {"unheld": unheld}, "is_settled": is_settled(times),
               "includes": "device time of the layer between two events, y allocated by PyTorch"}


def write(data, path):
    if path:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
            file.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", metavar="PROBLEM")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--seconds", type=float, default=120, help="limit of the whole run")
    parser.add_argument("--compile", action="store_true", help="torch.compile too, which compiles for minutes")
    parser.add_argument("--json", help="write the results to this file")
    arguments = parser.parse_args()
    torch = import_torch()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.set_grad_enabled(False)
    torch.cuda.set_device(arguments.device)
    problems = [Problem(torch, text) for text in arguments.problems or PROBLEMS]
    machine = {"gpu": torch.cuda.get_device_name(), "runtime": torch.version.cuda, "torch": torch.__version__}
    data = {"machine": machine, "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "results": [],
            "left_out": []}
    timer = Timer(torch, arguments.device)
    for problem in problems:
        try:
            for result in results_of(torch, problem, arguments, timer, arguments.seconds / len(problems)):
                data["results"].append(result)
                print(f"{problem.text:30} {result['contender']:14} {result['median_ns'] / 1e3:12.2f} us "
                      f"{result['gflops']:10.1f} GFLOP/s {result['gbytes_per_s']:8.1f} GB/s", flush=True)
        except torch.cuda.OutOfMemoryError as error:
            data["left_out"].append(f"{problem.text}: {str(error).splitlines()[0]}")
            print(f"left out: {data['left_out'][-1]}")
        torch.cuda.empty_cache()
        write(data, arguments.json)  # Kept up with the run, which may be ended from outside.


if __name__ == "__main__":
    main()
