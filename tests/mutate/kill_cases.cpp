// Which entries have cases; those of softmax and of packing.
#include "tests/mutate/kill_cases.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "kernels/families.hpp"
#include "kernels/pack/pack.hpp"
#include "kernels/row_softmax/row_softmax.hpp"
#include "src/reference/canonical.hpp"
#include "tests/mutate/expected_output.hpp"
#include "tests/mutate/linear_cases.hpp"
#include "tests/mutate/packed.hpp"
#include "tests/support/random_problem.hpp"

namespace perceptron::mutate {
namespace {

using test::Data;
using test::Layout;
using test::RandomProblem;
using Run = std::function<bool(const ptx::Program&, const ptx::RunOptions&, ptx::RunReport&)>;

/// z is what the reference gives for identity, y what it gives for softmax, of the same operands. The output
/// `peak` is most often the highest.
Run softmax_case(const Problem& problem, const Layout& layout, Data data, std::optional<kernels::Extent> grid,
                 std::int64_t peak) {
  const DType accumulator = accumulator_of(problem.dtype);
  Problem identity = problem;
  identity.activation = ActivationKind::identity;
  identity.output_dtype = accumulator;
  auto sums = std::make_shared<RandomProblem>(identity, 1, layout, data);
  visit_dtype(problem.dtype, [&]<class T>(T) {
    static_cast<T*>(const_cast<void*>(sums->layer().bias.data))[peak] = static_cast<T>(4.0);
  });
  reference::canonical(sums->x(), sums->layer(), sums->y());
  Layer layer = sums->layer();
  layer.activation = ActivationKind::softmax;
  RandomProblem outputs(problem, 1, layout, data);
  reference::canonical(sums->x(), layer, outputs.y());
  const MatrixView y = outputs.y();
  return [=, expected = ExpectedOutput(y)](const ptx::Program& program, const ptx::RunOptions& options,
                                           ptx::RunReport& report) {
    ptx::Memory memory;
    const MatrixView z = sums->y();
    const auto z_buffer = read_only(memory, z, "z"), y_buffer = expected.allocate(memory);
    kernels::row_softmax::SoftmaxArguments arguments{z_buffer.pointer(), y_buffer.pointer()};
    arguments.rows = problem.rows;
    arguments.outputs = problem.outputs;
    arguments.groups = problem.groups;
    arguments.z_stride = z.stride;
    arguments.z_group_stride = z.group_stride;
    arguments.y_stride = y.stride;
    arguments.y_group_stride = y.group_stride;
    arguments.output_dtype = problem.output_dtype;
    kernels::Launch launch = kernels::row_softmax::launch(arguments, accumulator);
    if (grid) launch.grid = *grid;
    report = ptx::run(program, launch, memory, options);
    return expected.is_in(memory, y_buffer);
  };
}

std::vector<Case> softmax_cases(DType accumulator) {
  constexpr std::int64_t kOutputs[]{10, 1,  31, 32,  33,  64,  100, 257, 2,
                                    7,  65, 40, 129, 161, 200, 290, 385, 96};
  constexpr Layout kLayouts[]{{0, 0, 0, 0}, {0, 3, 0, 1}, {1, 5, 0, 2}};
  constexpr Data kData[]{Data::normal, Data::wide_range, Data::specials, Data::normal};
  std::vector<Case> cases;
  for (std::size_t index = 0; index < 72; ++index) {
    Problem problem;
    problem.rows = std::int64_t{1} + static_cast<std::int64_t>(index * 5) % 19;
    problem.inputs = index % 6 == 5 ? 40 : 1;
    problem.outputs = kOutputs[index % std::size(kOutputs)];
    problem.groups = index % 4 == 3 ? 3 : 1;
    problem.dtype = accumulator;
    problem.output_dtype = static_cast<DType>(index % 5 % kDTypes.size());
    problem.activation = ActivationKind::softmax;
    std::optional<kernels::Extent> grid;
    if (index % 8 == 3) grid = kernels::Extent{1, 1, 1};
    if (index % 8 == 7) grid = kernels::Extent{4, 5, 1};
    cases.push_back(
        {to_string(problem), true,
         softmax_case(problem, kLayouts[index % std::size(kLayouts)], kData[index % 4], grid,
                      problem.outputs - 1 - static_cast<std::int64_t>(index) * 32 % problem.outputs)});
  }
  // The first and the last lane of every round of a row hold the highest.
  for (std::int64_t peak = 0; peak < 257; peak += peak % 32 == 0 ? 31 : 1) {
    Problem problem = Problem::parse("2x1x257:f64:softmax");
    problem.dtype = problem.output_dtype = accumulator;
    cases.push_back({to_string(problem), true, softmax_case(problem, {}, Data::normal, std::nullopt, peak)});
  }
  return cases;
}

/// Runs a launch of pack, whose arguments are made once the buffers are there.
template <class Arguments>
Run pack_case(ConstMatrixView from, std::shared_ptr<RandomProblem> owner, ExpectedOutput expected,
              Arguments arguments, std::function<kernels::Launch(const Arguments&)> launch_of,
              std::optional<kernels::Extent> grid) {
  return [=](const ptx::Program& program, const ptx::RunOptions& options, ptx::RunReport& report) {
    ptx::Memory memory;
    (void)owner;  // Keeps the view's memory.
    std::optional<ptx::DeviceBuffer> source;
    if (from.data != nullptr) source = read_only(memory, from, "source");
    const auto target = expected.allocate(memory);
    Arguments filled = arguments;
    const void* const pointer = source ? source->pointer() : nullptr;
    if constexpr (requires { filled.weight; }) {
      filled.weight = pointer;
    } else {
      filled.bias = pointer;
    }
    filled.packed = target.pointer();
    kernels::Launch launch = launch_of(filled);
    if (grid) launch.grid = *grid;
    report = ptx::run(program, launch, memory, options);
    return expected.is_in(memory, target);
  };
}

Problem pack_problem(std::size_t index, DType dtype) {
  constexpr std::int64_t kInputs[]{1, 31, 32, 33, 40, 67, 5}, kOutputs[]{1, 15, 16, 17, 33, 48, 70, 300};
  Problem problem;
  problem.rows = 1;
  problem.dtype = problem.output_dtype = dtype;
  problem.inputs = kInputs[index % std::size(kInputs)];
  problem.outputs = kOutputs[index % std::size(kOutputs)];
  problem.groups = index % 3 == 2 ? 3 : 1;
  return problem;
}

/// Every number of outputs of pack_problem meets every grid.
std::optional<kernels::Extent> pack_grid(std::size_t index) {
  const std::size_t kind = (index + index / 8) % 4;
  if (kind == 2) return kernels::Extent{1, 1, 1};
  if (kind == 3) return kernels::Extent{4, 12, 5};
  return std::nullopt;
}

std::optional<kernels::Extent> pack_bias_grid(std::size_t index) {
  const auto grid = pack_grid(index);
  return grid && grid->x > 1 ? kernels::Extent{3, 5, 1} : grid;
}

std::vector<Case> pack_weight_cases(DType dtype) {
  std::vector<Case> cases;
  for (std::size_t index = 0; index < 32; ++index) {
    const Problem problem = pack_problem(index, dtype);
    auto data = std::make_shared<RandomProblem>(problem, index + 1, Layout{0, 0, index % 2 == 0 ? 0 : 5, 1});
    const ConstMatrixView weight = data->layer().weight;
    kernels::pack::WeightArguments arguments;
    arguments.inputs = problem.inputs;
    arguments.outputs = problem.outputs;
    arguments.groups = problem.groups;
    arguments.stride = weight.stride;
    arguments.group_stride = weight.group_stride;
    cases.push_back({to_string(problem), true,
                     pack_case<kernels::pack::WeightArguments>(
                         weight, data, {pack_weight(weight), dtype}, arguments,
                         [dtype](const auto& filled) { return kernels::pack::pack_weight(filled, dtype); },
                         pack_grid(index))});
  }
  return cases;
}

std::vector<Case> pack_bias_cases(DType accumulator) {
  std::vector<Case> cases;
  for (std::size_t index = 0; index < 32; ++index) {
    const auto dtype = static_cast<DType>(accumulator == DType::f64 ? index % 4 : 1 + index % 3);
    Problem problem = pack_problem(index, dtype);
    problem.has_bias = index % 5 != 4;
    auto data = std::make_shared<RandomProblem>(problem, index + 1, Layout{0, 0, 0, 1},
                                                index % 2 == 0 ? Data::specials : Data::normal);
    const Layer layer = data->layer();
    kernels::pack::BiasArguments arguments;
    arguments.outputs = problem.outputs;
    arguments.groups = problem.groups;
    arguments.group_stride = layer.bias.group_stride;
    arguments.dtype = problem.has_bias ? dtype : accumulator;
    cases.push_back(
        {to_string(problem), true,
         pack_case<kernels::pack::BiasArguments>(
             layer.bias, data, {pack_bias(layer, problem.groups, accumulator), accumulator}, arguments,
             [accumulator](const auto& filled) { return kernels::pack::pack_bias(filled, accumulator); },
             pack_bias_grid(index))});
  }
  return cases;
}

}  // namespace

std::vector<Target> targets() {
  std::vector<Target> all;
  for (const kernels::Candidate& candidate : kernels::candidates()) {
    for (std::size_t index = 0; index < kDTypes.size(); ++index) {
      const auto storage = static_cast<DType>(index);
      if (candidate.entry(storage).empty()) continue;
      all.push_back({candidate.family, candidate.entry(storage),
                     [&candidate, storage] { return linear_cases(candidate, storage); }});
    }
  }
  for (const DType dtype : {DType::f64, DType::f32}) {
    const bool is_double = dtype == DType::f64;
    all.push_back({"row_softmax", is_double ? "row_softmax_f64" : "row_softmax_f32",
                   [dtype] { return softmax_cases(dtype); }});
    all.push_back(
        {"pack", is_double ? "pack_bias_f64" : "pack_bias_f32", [dtype] { return pack_bias_cases(dtype); }});
    all.push_back({"pack", is_double ? "pack_weight_8" : "pack_weight_4",
                   [dtype] { return pack_weight_cases(dtype); }});
  }
  all.push_back({"pack", "pack_weight_2", [] { return pack_weight_cases(DType::bf16); }});
  return all;
}

}  // namespace perceptron::mutate
