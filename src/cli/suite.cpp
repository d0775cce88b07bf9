#include "src/cli/suite.hpp"

#include <fmt/format.h>

#include <array>
#include <span>

#include "perceptron/error.hpp"

namespace perceptron::cli {
namespace {

struct Shape {
  std::int64_t groups, rows, inputs, outputs;
};

/// Blocks of the sum are 256 inputs; kernels have 4 to 128 rows and 1 to 128 outputs at a time, and serve 1,
/// 4, 8, 12, 16 outputs by themselves. Operands of few multiples of 16 bytes have tails everywhere.
constexpr Shape kQuickShapes[] = {{1, 1, 1, 1},    {1, 1, 257, 33},  {1, 13, 5, 1},    {1, 17, 300, 2},
                                  {1, 64, 64, 12}, {1, 65, 256, 17}, {1, 33, 513, 65}, {1, 40, 784, 10},
                                  {3, 9, 70, 19},  {2, 20, 31, 7}};
constexpr Shape kMoreShapes[] = {{1, 2, 2, 2},      {1, 3, 4, 3},    {1, 4, 8, 4},       {1, 5, 255, 8},
                                 {1, 7, 9, 9},      {1, 8, 16, 16},  {1, 15, 1, 31},     {1, 16, 1024, 32},
                                 {1, 31, 33, 64},   {1, 127, 17, 5}, {1, 128, 128, 128}, {1, 129, 65, 129},
                                 {1, 257, 31, 127}, {1, 300, 2, 1},  {1, 513, 7, 4},     {1, 0, 3, 2},
                                 {64, 2, 16, 16},   {5, 1, 600, 3},  {2, 70, 40, 66},    {1, 12, 2000, 48}};

/// Enough work for several threads, chunks and waves.
constexpr Shape kLargeShapes[] = {{1, 2000, 300, 96}, {1, 300, 3000, 70}, {1, 20000, 64, 3}};

/// Which of the combinations a problem gets is decided by its number: neighbours differ in everything.
Problem combine(const Shape& shape, DType dtype, std::size_t number) {
  Problem problem;
  problem.groups = shape.groups;
  problem.rows = shape.rows;
  problem.inputs = shape.inputs;
  problem.outputs = shape.outputs;
  problem.dtype = dtype;
  const std::size_t choice = number / 3 % 5;  // f64, f32, f16, bf16, and the dtype of x once more.
  problem.output_dtype = choice < kDTypes.size() && number % 3 == 0 ? static_cast<DType>(choice) : dtype;
  problem.activation = static_cast<ActivationKind>(number * 7 % kActivations.size());
  problem.has_bias = number % 5 != 4;
  problem.shared_x = shape.groups > 1 && number % 2 == 1;
  return problem;
}

void add(std::vector<Problem>& problems, std::span<const Shape> shapes, std::size_t repeats, DType dtype) {
  // Each dtype starts elsewhere among the combinations.
  std::size_t number = static_cast<std::size_t>(dtype) * 5;
  for (std::size_t repeat = 0; repeat < repeats; ++repeat) {
    for (const Shape& shape : shapes) problems.push_back(combine(shape, dtype, number++));
  }
}

}  // namespace

Suite parse_suite(std::string_view name) {
  if (name == "quick") return Suite::quick;
  if (name == "full") return Suite::full;
  throw InvalidArgument(fmt::format("unknown suite \"{}\"; expected quick or full", name));
}

std::string_view to_string(Suite suite) { return suite == Suite::quick ? "quick" : "full"; }

std::vector<Problem> problems_of(Suite suite, const std::vector<DType>& dtypes) {
  constexpr std::size_t kQuickRepeats = 2, kFullRepeats = 6;
  std::vector<Problem> problems;
  for (const DType dtype : dtypes) {
    add(problems, kQuickShapes, suite == Suite::quick ? kQuickRepeats : kFullRepeats, dtype);
    if (suite == Suite::quick) continue;
    add(problems, kMoreShapes, kFullRepeats, dtype);
    add(problems, kLargeShapes, 1, dtype);
  }
  return problems;
}

}  // namespace perceptron::cli
