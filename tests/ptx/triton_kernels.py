#!/usr/bin/env python3
"""Compiles a few kernels by Triton, without a GPU, for triton_test.cpp: FOLDER/NAME.ptx, and FOLDER/NAME.shared with the
bytes of shared memory. Exit code 77 where Triton is not installed.

enable_fp_fusion=False: additions and multiplications carry .rn, as reproducible arithmetic needs."""
import sys
from pathlib import Path

try:
    import triton
    import triton.language as tl
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource
except ImportError as error:
    print(error)
    sys.exit(77)


@triton.jit
def axpy(x, y, z, count, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    is_inside = index < count
    tl.store(z + index, 3.0 * tl.load(x + index, mask=is_inside) + tl.load(y + index, mask=is_inside), mask=is_inside)


@triton.jit
def row_sums(x, y, count, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    index = tl.arange(0, BLOCK)
    tl.store(y + row, tl.sum(tl.load(x + row * count + index, mask=index < count, other=0), axis=0))


@triton.jit
def running_sums(x, y, count, BLOCK: tl.constexpr):
    index = tl.arange(0, BLOCK)
    values = tl.load(x + index, mask=index < count, other=0)
    tl.store(y + index, tl.cumsum(values, axis=0), mask=index < count)


@triton.jit
def transpose(x, y, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    row = tl.arange(0, ROWS)
    column = tl.arange(0, COLUMNS)
    values = tl.load(x + row[:, None] * COLUMNS + column[None, :])
    tl.store(y + column[:, None] * ROWS + row[None, :], tl.trans(values))


@triton.jit
def sort(x, y, BLOCK: tl.constexpr):
    index = tl.arange(0, BLOCK)
    tl.store(y + index, tl.sort(tl.load(x + index)))


KERNELS = [
    (axpy, {"x": "*fp32", "y": "*fp32", "z": "*fp32", "count": "i32"}, {"BLOCK": 256}),
    (row_sums, {"x": "*i32", "y": "*i32", "count": "i32"}, {"BLOCK": 512}),
    (running_sums, {"x": "*i32", "y": "*i32", "count": "i32"}, {"BLOCK": 512}),
    (transpose, {"x": "*i32", "y": "*i32"}, {"ROWS": 32, "COLUMNS": 64}),
    (sort, {"x": "*i32", "y": "*i32"}, {"BLOCK": 256}),
]


def main():
    folder = Path(sys.argv[1])
    for kernel, types, constants in KERNELS:
        signature = types | {name: "constexpr" for name in constants}
        compiled = triton.compile(ASTSource(kernel, signature, constants), target=GPUTarget("cuda", 90, 32),
                                  options={"enable_fp_fusion": False})
        (folder / f"{kernel.__name__}.ptx").write_text(compiled.asm["ptx"])
        (folder / f"{kernel.__name__}.shared").write_text(str(compiled.metadata.shared))


main()
