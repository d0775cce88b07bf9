#include "tests/mutate/linear_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <random>

#include "src/reference/canonical.hpp"
#include "tests/mutate/expected_output.hpp"
#include "tests/mutate/packed.hpp"
#include "tests/support/random_problem.hpp"

namespace perceptron::mutate {
namespace {

using kernels::Candidate;
using test::Data;
using test::Layout;
using test::RandomProblem;

/// What one case of y = f(x·Wᵀ + b) is.
struct Shape {
  Problem problem;
  Layout layout;
  Data data = Data::normal;
  enum class Grid {
    own,
    one_block,
    one_more
  } grid = Grid::own;     ///< one_more: in each direction that is used.
  bool is_sweep = false;  ///< One input: z takes many values, those where formulas branch among them.
};

/// Where the formulas of kernels/epilogue branch, and what they treat apart; each with its neighbours.
constexpr double kEdges[]{0,   0.5, 1,   2,   3,    6,    0.125, 0.25,  0.35, 0.625, 0.875,
                          5,   9,   10,  13,  17,   19,   20,    22,    30,   37,    40,
                          64,  87,  88,  89,  90,   104,  110,   127,   128,  149,   709,
                          710, 745, 746, 750, 1e-4, 1e-8, 1e-20, 1e-40, 1e10, 1e30,  1e300};

/// x holds the edges, their neighbours, and numbers spread over [-12, 12] and over magnitudes; the weights 1
/// and others, so that z takes the edges themselves and much else.
template <class T>
void fill_sweep(const ConstMatrixView& x, const ConstMatrixView& weight, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> spread(-12, 12), scale(0.5, 2), exponent(-14, 7);
  std::vector<double> values{NAN, INFINITY, -INFINITY, -0.0};
  for (const double edge : kEdges) {
    for (const double sign : {1.0, -1.0}) {
      const auto rounded = static_cast<double>(static_cast<float>(sign * edge));
      for (const double value : {sign * edge, rounded * (1 + 1e-7), rounded * (1 - 1e-7),
                                 sign * edge * (1 + 3e-16), sign * edge * (1 - 3e-16)}) {
        values.push_back(value);
      }
    }
  }
  for (std::int64_t row = 0; row < x.rows; ++row) {
    const auto index = static_cast<std::size_t>(row);
    const double value = index < values.size() ? values[index]
                         : row % 2 == 0        ? spread(random)
                                        : std::ldexp(spread(random), static_cast<int>(exponent(random)));
    *static_cast<T*>(const_cast<void*>(x.element(0, row))) = static_cast<T>(value);
  }
  for (std::int64_t n = 0; n < weight.rows; ++n) {
    *static_cast<T*>(const_cast<void*>(weight.element(0, n))) = static_cast<T>(n == 0 ? 1.0 : scale(random));
  }
}

class LinearCase {
 public:
  LinearCase(const Candidate& candidate, const Shape& shape, std::uint64_t seed)
      : candidate_(candidate), shape_(shape), data_(shape.problem, seed, shape.layout, shape.data) {
    const Layer layer = data_.layer();
    if (shape.is_sweep) {
      visit_dtype(shape.problem.dtype, [&]<class T>(T) { fill_sweep<T>(data_.x(), layer.weight, seed); });
    }
    weight_ = pack_weight(layer.weight);
    bias_ = pack_bias(layer, shape.problem.groups, accumulator_of(shape.problem.dtype));
    auto output = data_.make_output();
    reference::canonical(data_.x(), layer, data_.y_view(output));
    expected_ = ExpectedOutput(data_.y_view(output));
  }

  bool passes(const ptx::Program& program, const ptx::RunOptions& options, ptx::RunReport& report) {
    ptx::Memory memory;
    const ConstMatrixView x = data_.x();
    const auto x_buffer = read_only(memory, x, "x"), weight = read_only(memory, weight_, "weight"),
               bias = read_only(memory, bias_, "bias"), y_buffer = expected_.allocate(memory);
    kernels::LinearArguments arguments = make_arguments(x, data_.y());
    arguments.x = x_buffer.pointer();
    arguments.weight = weight.pointer();
    arguments.bias = bias.pointer();
    arguments.y = y_buffer.pointer();
    kernels::Launch launch = candidate_.launch(arguments, x.dtype);
    if (shape_.grid == Shape::Grid::one_block) launch.grid = {};
    if (shape_.grid == Shape::Grid::one_more) {
      for (std::uint32_t* size : {&launch.grid.x, &launch.grid.y, &launch.grid.z}) *size += *size > 1 ? 1 : 0;
    }
    report = ptx::run(program, launch, memory, options);
    return expected_.is_in(memory, y_buffer);
  }

 private:
  kernels::LinearArguments make_arguments(const ConstMatrixView& x, const MatrixView& y) const {
    const Problem& problem = shape_.problem;
    const std::int64_t padded = kernels::packed_outputs(problem.outputs);
    kernels::LinearArguments arguments{};
    arguments.rows = problem.rows;
    arguments.inputs = problem.inputs;
    arguments.outputs = problem.outputs;
    arguments.groups = problem.groups;
    arguments.x_stride = x.stride;
    arguments.x_group_stride = x.group_stride;
    arguments.weight_group_stride = problem.groups == 1 ? 0 : problem.inputs * padded;
    arguments.bias_group_stride = problem.groups == 1 ? 0 : padded;
    arguments.y_stride = y.stride;
    arguments.y_group_stride = y.group_stride;
    arguments.activation = problem.activation.kind;
    const double parameter = problem.activation.parameter;
    arguments.parameter =
        accumulator_of(problem.dtype) == DType::f32 ? static_cast<float>(parameter) : parameter;
    arguments.output_dtype = problem.output_dtype;
    const auto size = static_cast<std::int64_t>(size_of(problem.dtype));
    const auto start = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(x.data) % 16);
    std::int64_t common = std::gcd(std::int64_t{16}, start);
    if (x.rows > 1) common = std::gcd(common, x.stride * size);
    if (x.groups > 1) common = std::gcd(common, x.group_stride * size);
    arguments.x_vector_bytes = static_cast<std::int32_t>(common);
    return arguments;
  }

  const Candidate& candidate_;
  Shape shape_;
  RandomProblem data_;
  std::vector<std::byte> weight_, bias_;
  ExpectedOutput expected_;
};

constexpr Layout kLayouts[]{{0, 0, 0, 0}, {3, 5, 7, 1},  {8, 2, 0, 0},
                            {0, 1, 0, 3}, {16, 3, 0, 0}, {1, 1, 0, 2}};
constexpr std::int64_t kInputs[]{3, 257, 17, 64, 33, 300, 1, 8, 31, 523, 2, 130, 256, 12, 99, 770, 48};
/// Multiply-adds of a case, tiles filled up: about 2 ms of the machine.
constexpr std::int64_t kMostProducts = 3'000'000;

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
    Shape shape;
    Problem& problem = shape.problem;
    problem.dtype = storage_;
    problem.output_dtype = accumulator_of(storage_);
    problem.activation = ActivationKind::identity;
    problem.rows = scattered(step, candidate_.tile_rows);
    problem.outputs = scattered(step + 3, candidate_.tile_outputs);
    problem.inputs = 1 + (7 * step) % 67;
    shape.layout = {step / 2 % 5, 3, 0, 1 + step / 4 % 4};
    if (index % 2 == 0) {
      problem.inputs = (problem.inputs + 7) / 8 * 8;
      shape.layout = {8, 1, 0, 0};
    }
    while (problem.inputs > 1 && candidate_.refusal(problem)) problem.inputs /= 2;
    return shape;
  }

  /// Several blocks of inputs; for few rows also more of them than a thread block sums at a time.
  Shape make_long(std::size_t index) const {
    constexpr std::int64_t kLong[]{257, 523, 770, 2100, 9000};
    Shape shape;
    Problem& problem = shape.problem;
    problem.dtype = storage_;
    problem.output_dtype = accumulator_of(storage_);
    problem.activation = ActivationKind::identity;
    problem.rows = scattered(static_cast<std::int64_t>(index), std::min(candidate_.tile_rows, 64));
    problem.outputs = scattered(static_cast<std::int64_t>(index) + 1, std::min(candidate_.tile_outputs, 64));
    problem.inputs = kLong[index];
    while (problem.inputs > 1 && (products(problem) > 3 * kMostProducts || candidate_.refusal(problem))) {
      problem.inputs = problem.inputs * 2 / 3;
    }
    shape.layout = kLayouts[index];
    return shape;
  }

  /// Three tiles each way and two groups, or exactly two tiles, in one block; or in more blocks than tiles.
  Shape make_grid(std::size_t index) const {
    Shape shape;
    Problem& problem = shape.problem;
    problem.dtype = storage_;
    problem.output_dtype = accumulator_of(storage_);
    problem.activation = ActivationKind::identity;
    problem.groups = 3;
    problem.inputs = index % 2 == 0 ? 5 : 24;
    const bool is_exact = index % 3 == 1;
    problem.rows = is_exact ? 2 * candidate_.tile_rows : 2 * candidate_.tile_rows + 3;
    problem.outputs = is_exact ? 2 * candidate_.tile_outputs : 2 * candidate_.tile_outputs + 3;
    if (candidate_.refusal(problem)) problem.outputs = candidate_.tile_outputs;
    if (index % 2 == 0) shape.layout = {11, 1, 0, 0};
    shape.grid = index < 3 ? Shape::Grid::one_block : Shape::Grid::one_more;
    return shape;
  }

  Shape make_sweep(std::size_t activation) const {
    constexpr std::int64_t kElements = 1 << 14;
    Shape shape;
    shape.is_sweep = true;
    Problem& problem = shape.problem;
    problem.dtype = storage_;
    problem.output_dtype = accumulator_of(storage_);
    problem.activation = static_cast<ActivationKind>(activation);
    problem.has_bias = false;
    problem.outputs = candidate_.tile_outputs;
    problem.rows = std::max<std::int64_t>(kElements / problem.outputs, 512);
    if (!candidate_.refusal(problem)) return shape;
    problem.rows =
        candidate_.tile_rows;  // Few rows only: then x holds the first edges, the weights the rest.
    problem.outputs = kElements / problem.rows;
    return shape;
  }

 private:
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

}  // namespace

std::vector<Case> linear_cases(const Candidate& candidate, DType storage) {
  constexpr Data kData[]{Data::normal, Data::wide_range, Data::specials};
  const Shapes shapes(candidate, storage);
  std::vector<Case> cases;
  std::size_t index = 0;
  const auto add = [&](const Shape& shape) {
    auto made = std::make_shared<LinearCase>(candidate, shape, ++index);
    cases.push_back({to_string(shape.problem), shape.problem.activation.kind == ActivationKind::identity,
                     [made](const ptx::Program& program, const ptx::RunOptions& options,
                            ptx::RunReport& report) { return made->passes(program, options, report); }});
  };
  for (const Data data : kData) {
    for (std::size_t kind = 0; kind < kActivations.size(); ++kind) {
      if (static_cast<ActivationKind>(kind) == ActivationKind::softmax) continue;
      Shape shape = shapes.make(index);
      shape.data = data;
      shape.problem.activation = static_cast<ActivationKind>(kind);
      add(shape);
    }
  }
  for (std::size_t kind = 0; kind < kActivations.size(); ++kind) {
    if (static_cast<ActivationKind>(kind) != ActivationKind::softmax) add(shapes.make_sweep(kind));
  }
  for (std::size_t extra = 0; extra < 9; ++extra) {
    Shape shape = shapes.make(index);
    shape.problem.activation = ActivationKind::identity;
    add(shape);
  }
  for (std::size_t residue = 0; residue < 40; ++residue) add(shapes.make_residue(residue));
  for (std::size_t length = 0; length < 5; ++length) add(shapes.make_long(length));
  for (std::size_t grid = 0; grid < 6; ++grid) add(shapes.make_grid(grid));
  return cases;
}

}  // namespace perceptron::mutate
