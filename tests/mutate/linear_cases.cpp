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
#include "tests/mutate/shapes.hpp"
#include "tests/support/random_problem.hpp"

namespace perceptron::mutate {
namespace {

using test::RandomProblem;

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
  const auto fill = [&](const ConstMatrixView& view, bool holds_values) {
    for (std::int64_t row = 0; row < view.rows; ++row) {
      const auto index = static_cast<std::size_t>(row);
      double value = row == 0 ? 1.0 : scale(random);
      if (holds_values && index < values.size()) {
        value = values[index];
      } else if (holds_values) {
        value = std::ldexp(spread(random), row % 2 == 0 ? 0 : static_cast<int>(exponent(random)));
      }
      *static_cast<T*>(const_cast<void*>(view.element(0, row))) = static_cast<T>(value);
    }
  };
  const bool is_tall = x.rows >= weight.rows;
  fill(x, is_tall);
  fill(weight, !is_tall);
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
    if (shape_.grid == Grid::one_block) launch.grid = {};
    if (shape_.grid == Grid::two_blocks) launch.grid = {2, 1, 1};
    if (shape_.grid == Grid::one_more) {
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
  for (std::size_t length = 0; length < 9; ++length) add(shapes.make_long(length));
  for (std::size_t grid = 0; grid < 12; ++grid) add(shapes.make_grid(grid));
  for (std::size_t end = 0; end < 64 && candidate.tile_outputs <= 16; ++end) add(shapes.make_tall(end));
  for (std::size_t width = 0; width < 3 && candidate.tile_rows <= 16; ++width) add(shapes.make_wide(width));
  return cases;
}

}  // namespace perceptron::mutate
