#include "src/cli/memory_need.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <iterator>
#include <string>

#include "perceptron/error.hpp"

namespace perceptron::cli {
namespace {

double machine_bytes() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::string bytes_text(double bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < std::size(kUnits)) {
    bytes /= 1000;
    ++unit;
  }
  return fmt::format("{:.3g} {}", bytes, kUnits[unit]);
}

/// groups × rows × columns elements, `copies` times.
struct Part {
  const char* name;
  double copies;
  std::int64_t groups, rows;
  double columns;
  DType dtype;

  double bytes() const {
    return copies * static_cast<double>(groups) * static_cast<double>(rows) * columns *
           static_cast<double>(size_of(dtype));
  }
  std::string text() const {
    return fmt::format("{} {} × {} × {} × {} × {} B = {}", name, copies, groups, rows, columns,
                       size_of(dtype), bytes_text(bytes()));
  }
};

struct Parts {
  Part x, weights, y;
};

Parts parts_of(const Problem& problem, const Copies& copies) {
  const auto inputs = static_cast<double>(problem.inputs), outputs = static_cast<double>(problem.outputs);
  const double columns = inputs + (problem.has_bias ? 1 : 0);
  return {{"x", copies.x, problem.shared_x ? 1 : problem.groups, problem.rows, inputs, problem.dtype},
          {"W and b", copies.weights, problem.groups, problem.outputs, columns, problem.dtype},
          {"y", copies.y, problem.groups, problem.rows, outputs, problem.output_dtype}};
}

}  // namespace

void refuse_uncountable(const Problem& problem) {
  constexpr double kMost = 0x1p63;
  const auto [x, weights, y] = parts_of(problem, {});
  for (const Part& part : {x, weights, y}) {
    if (part.bytes() < kMost) continue;
    throw InvalidArgument(fmt::format(
        "problem \"{}\" is too large: copies × groups × rows × columns × size: {}; expected less than "
        "2^63 bytes, {}",
        to_string(problem), part.text(), bytes_text(kMost)));
  }
}

Problem ends_of(const Model& model, std::int64_t rows) {
  Problem ends;
  ends.groups = model.groups();
  ends.rows = rows;
  ends.inputs = model.inputs();
  ends.outputs = model.outputs();
  ends.dtype = ends.output_dtype = model.dtype();
  return ends;
}

void refuse_oversize(const Problem& problem, const Copies& copies, std::string_view advice) {
  const auto [x, weights, y] = parts_of(problem, copies);
  const double needed = x.bytes() + weights.bytes() + y.bytes();
  if (needed <= machine_bytes()) return;
  throw InvalidArgument(
      fmt::format("problem \"{}\" needs {}, and this machine has {}: copies × groups × rows × columns × "
                  "size: {}; {}; {}{}",
                  to_string(problem), bytes_text(needed), bytes_text(machine_bytes()), x.text(),
                  weights.text(), y.text(), advice));
}

}  // namespace perceptron::cli
