// Which problems a policy is tried on: each builder steps through one kind of difficulty.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <vector>

#include "kernels/candidate.hpp"
#include "tests/support/random_problem.hpp"

namespace perceptron::mutate {

using kernels::Candidate;
using test::Data;
using test::Layout;

/// `one_more` block than planned in each direction that is used.
enum class Grid : std::uint8_t { own, one_block, two_blocks, one_more };

/// What one case of y = f(x·Wᵀ + b) is.
struct Shape {
  Problem problem;
  Layout layout;
  Data data = Data::normal;
  Grid grid = Grid::own;
  bool is_sweep = false;  ///< One input: z takes many values, those where formulas branch among them.
};

inline constexpr Layout kLayouts[]{{0, 0, 0, 0}, {3, 5, 7, 1},  {8, 2, 0, 0},
                                   {0, 1, 0, 3}, {16, 3, 0, 0}, {1, 1, 0, 2}};
inline constexpr std::int64_t kInputs[]{3, 257, 17, 64, 33, 300, 1, 8, 31, 523, 2, 130, 256, 12, 99, 770, 48};
/// Multiply-adds of a case, tiles filled up: about a millisecond of the machine.
inline constexpr std::int64_t kMostProducts = 1'500'000;

/// Steps through shapes that the policy accepts; every index gives another.
class Shapes {
 public:
  Shapes(const Candidate& candidate, DType storage) : candidate_(candidate), storage_(storage) {}

  Shape make(std::size_t index) const {
    Shape shape;
    Problem& problem = shape.problem;
    problem.dtype = storage_;
    problem.output_dtype = index % 3 == 0 ? storage_ : kDTypeOrder[index / 3 % kDTypeOrder.size()];
    problem.groups = index % 5 == 4 ? 2 : 1;
    problem.shared_x = index % 10 == 9;
    problem.has_bias = index % 7 != 6;
    problem.rows = fit(sizes(candidate_.tile_rows), index, true);
    problem.outputs = fit(sizes(candidate_.tile_outputs), index / 2 + index, false);
    problem.inputs = kInputs[index % std::size(kInputs)];
    while (problem.inputs > 1 && (products(problem) > kMostProducts || candidate_.refusal(problem))) {
      problem.inputs = problem.inputs * 2 / 3;
    }
    shape.layout = kLayouts[(index + index / 6) % std::size(kLayouts)];
    return shape;
  }

  /// One tile and less: residues of rows, outputs and staged inputs, with and without aligned vectors of x.
  Shape make_residue(std::size_t index) const {
    const auto step = static_cast<std::int64_t>(index);
    Shape shape = plain();
    Problem& problem = shape.problem;
    problem.rows = scattered(step, candidate_.tile_rows);
    problem.outputs = scattered(step + 3, candidate_.tile_outputs);
    problem.inputs = 1 + (7 * step) % 67;
    if (index % 4 == 0) problem.inputs = (problem.inputs + 7) / 8 * 8;
    while (problem.inputs > 1 && candidate_.refusal(problem)) problem.inputs /= 2;
    shape.layout = layout_for(std::int64_t{16} >> index % 4, problem.inputs);
    return shape;
  }

  /// Several blocks of inputs; for few rows also more of them than a thread block sums at a time.
  Shape make_long(std::size_t index) const {
    constexpr std::int64_t kLong[]{257, 523, 770, 2100, 9000, 1300, 1700, 8192, 1100};
    const std::int64_t most = (candidate_.tile_rows > 16 ? 4 : 10) * kMostProducts;
    Shape shape = plain();
    Problem& problem = shape.problem;
    const bool is_full = index == 0;  // So that each thread adds block sums in each of its elements.
    const auto step = static_cast<std::int64_t>(index);
    problem.rows = is_full ? candidate_.tile_rows : scattered(step, std::min(candidate_.tile_rows, 64));
    problem.outputs =
        is_full ? candidate_.tile_outputs : scattered(step + 1, std::min(candidate_.tile_outputs, 64));
    problem.inputs = kLong[index];
    while (products(problem) > most) problem.inputs = problem.inputs * 2 / 3;
    while (problem.inputs > 1 && candidate_.refusal(problem)) --problem.inputs;
    shape.layout = kLayouts[index % std::size(kLayouts)];
    return shape;
  }

  /// Outputs enough for the widest blocks of policies that choose their width.
  Shape make_wide(std::size_t index) const {
    constexpr std::int64_t kOutputs[]{9000, 35000, 70000}, kFewInputs[]{5, 300, 3};
    Shape shape = plain();
    Problem& problem = shape.problem;
    problem.rows = std::min(candidate_.tile_rows, 2);
    problem.outputs = kOutputs[index];
    problem.inputs = kFewInputs[index];
    shape.layout = kLayouts[index];
    return shape;
  }

  /// Three tiles each way and groups, or exactly two tiles, in one block; or in more blocks than tiles. Every
  /// alignment.
  Shape make_grid(std::size_t index) const {
    Shape shape = plain();
    Problem& problem = shape.problem;
    problem.groups = index < 8 ? 2 : 3;
    problem.inputs = index % 8 < 4 ? 5 : 24;
    const bool is_exact = index % 3 == 1;
    problem.rows = is_exact ? 2 * candidate_.tile_rows : 2 * candidate_.tile_rows + 3;
    problem.outputs = is_exact ? 2 * candidate_.tile_outputs : 2 * candidate_.tile_outputs + 3;
    if (candidate_.refusal(problem)) problem.outputs = candidate_.tile_outputs;
    while (problem.inputs > 1 && candidate_.refusal(problem)) problem.inputs /= 2;
    shape.layout = layout_for(std::int64_t{16} >> index % 4, problem.inputs);
    shape.grid = index < 8 ? Grid::one_block : Grid::one_more;
    return shape;
  }

  /// Tiles of many rows and few outputs: the last row of the first tile, or of a later one, lies in every one
  /// of the eight steps that are unrolled where a thread copies x. Every alignment.
  Shape make_tall(std::size_t index) const {
    Shape shape = plain();
    Problem& problem = shape.problem;
    const auto eighth = static_cast<std::int64_t>(index / 4 % 8);
    problem.rows = (index < 32 ? 3 : 0) * candidate_.tile_rows + eighth * candidate_.tile_rows * 9 / 64 + 1;
    problem.outputs = candidate_.tile_outputs;
    constexpr std::size_t kBytes[]{16, 64, 128, 0};  // One vector, one stage of either size, parts of them.
    const std::size_t bytes = kBytes[index / 4 % 4];
    problem.inputs = bytes == 0 ? 21 : static_cast<std::int64_t>(bytes / size_of(storage_));
    while (candidate_.refusal(problem)) --problem.inputs;
    shape.layout = layout_for(std::int64_t{16} >> index % 4, problem.inputs);
    shape.grid = index / 8 % 2 == 0 ? Grid::one_block : Grid::two_blocks;
    return shape;
  }

  Shape make_sweep(std::size_t activation) const {
    constexpr std::int64_t kElements = 1 << 13;
    Shape shape;
    shape.is_sweep = true;
    Problem& problem = shape.problem;
    problem.dtype = storage_;
    problem.output_dtype = accumulator_of(storage_);
    problem.activation = static_cast<ActivationKind>(activation);
    problem.has_bias = false;
    const bool is_tall = candidate_.tile_rows > 16;
    problem.outputs = is_tall ? candidate_.tile_outputs : kElements / candidate_.tile_rows;
    problem.rows =
        is_tall ? std::max<std::int64_t>(kElements / candidate_.tile_outputs, 512) : candidate_.tile_rows;
    return shape;
  }

 private:
  /// Sums as they are.
  Shape plain() const {
    Shape shape;
    shape.problem.dtype = storage_;
    shape.problem.output_dtype = accumulator_of(storage_);
    shape.problem.activation = ActivationKind::identity;
    return shape;
  }

  /// A row's start is a multiple of that many bytes and of no more; the rows are padded.
  Layout layout_for(std::int64_t vector_bytes, std::int64_t inputs) const {
    const auto size = static_cast<std::int64_t>(size_of(storage_));
    const std::int64_t vector = std::max(vector_bytes, size) / size;
    std::int64_t stride = inputs + 1;
    while (stride % (2 * vector) != vector) ++stride;
    return {stride - inputs, 3, 0, vector};
  }

  /// 1 to size, spread evenly over many indices.
  static std::int64_t scattered(std::int64_t index, int size) {
    const auto step = static_cast<std::int64_t>(0.618 * size) | 1;
    return 1 + index * step % std::max(size, 1);
  }

  static constexpr std::array kDTypeOrder{DType::f32, DType::f16, DType::bf16, DType::f64};

  static std::vector<std::int64_t> sizes(std::int64_t tile) {
    std::vector<std::int64_t> all;
    for (const std::int64_t size : {tile + 1, std::int64_t{1}, tile - 1, tile, std::int64_t{7}, 2 * tile + 3,
                                    std::int64_t{3}, tile + 5, tile - 6, tile / 2 + 1, std::int64_t{2}}) {
      if (size > 0) all.push_back(size);
    }
    return all;
  }

  std::int64_t fit(const std::vector<std::int64_t>& sizes, std::size_t index, bool is_rows) const {
    for (std::size_t step = 0; step < sizes.size(); ++step) {
      Problem problem;
      problem.dtype = problem.output_dtype = storage_;
      const std::int64_t size = sizes[(index + step) % sizes.size()];
      problem.rows = is_rows ? size : 1;
      problem.outputs = is_rows ? 1 : size;
      if (!candidate_.refusal(problem)) return size;
    }
    return 1;
  }

  std::int64_t products(const Problem& problem) const {
    const auto filled = [](std::int64_t size, std::int64_t tile) { return (size + tile - 1) / tile * tile; };
    return problem.groups * filled(problem.rows, candidate_.tile_rows) *
           filled(problem.outputs, candidate_.tile_outputs) * problem.inputs;
  }

  const Candidate& candidate_;
  DType storage_;
};

}  // namespace perceptron::mutate
