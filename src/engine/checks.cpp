#include "src/engine/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "perceptron/error.hpp"

namespace perceptron::engine {
namespace {

struct Extent {
  std::uintptr_t begin;
  std::uintptr_t end;
};

/// The bytes from the first element to behind the last.
Extent extent(const ConstMatrixView& view) {
  const auto begin = reinterpret_cast<std::uintptr_t>(view.data);
  const std::int64_t last =
      (view.groups - 1) * view.group_stride + (view.rows - 1) * view.stride + view.columns;
  return {begin, begin + static_cast<std::uintptr_t>(last) * size_of(view.dtype)};
}

/// Rows of one group: as many as the other view has, a pitch apart. All in bytes.
struct Rows {
  std::int64_t begin, bytes;
};

/// Whether a row of one meets a row of the other: for some k between them, the other's begin lies k pitches
/// away.
bool do_meet(const Rows& one, const Rows& other, std::int64_t pitch, std::int64_t rows) {
  const auto distance = static_cast<__int128>(other.begin) - one.begin;
  const auto meets = [&](__int128 k) {
    const __int128 at = distance + k * pitch;
    return at > -other.bytes && at < one.bytes;
  };
  if (rows == 1 || pitch == 0) return meets(0);
  // The least k for which the other's row ends behind the one's begin.
  __int128 k = (-other.bytes - distance) / pitch - 1;
  while (distance + k * pitch <= -other.bytes) ++k;
  k = std::max<__int128>(k, 1 - rows);
  return k < rows && meets(k);
}

Rows rows_of(const ConstMatrixView& view, std::int64_t group) {
  const auto size = static_cast<std::int64_t>(size_of(view.dtype));
  return {static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(view.data)) +
              group * view.group_stride * size,
          view.columns * size};
}

/// Groups of it have elements in common.
bool overlaps_itself(const ConstMatrixView& view) {
  const std::int64_t pitch = view.stride * static_cast<std::int64_t>(size_of(view.dtype));
  for (std::int64_t group = 1; group < view.groups; ++group) {
    if (do_meet(rows_of(view, 0), rows_of(view, group), pitch, view.rows)) return true;
  }
  return false;
}

/// Views of as many rows, whose extents meet. True too where their pitches differ, or there are too many
/// groups to look at all pairs: then nobody knows.
bool may_overlap(const ConstMatrixView& x, const ConstMatrixView& y) {
  constexpr std::int64_t kMostPairs = std::int64_t{1} << 20;
  const std::int64_t pitch = x.stride * static_cast<std::int64_t>(size_of(x.dtype));
  const std::int64_t x_groups = x.group_stride == 0 ? 1 : x.groups;
  if (x.rows > 1 && pitch != y.stride * static_cast<std::int64_t>(size_of(y.dtype))) return true;
  if (x_groups > kMostPairs / y.groups) return true;
  for (std::int64_t of_x = 0; of_x < x_groups; ++of_x) {
    for (std::int64_t of_y = 0; of_y < y.groups; ++of_y) {
      if (do_meet(rows_of(x, of_x), rows_of(y, of_y), pitch, x.rows)) return true;
    }
  }
  return false;
}

void check_fits(bool fits, const char* name, const char* what, std::int64_t expected, std::int64_t found) {
  if (!fits) throw InvalidArgument(fmt::format("{}: expected {} {}, found {}", name, what, expected, found));
}

}  // namespace

void check_dtype(DType dtype, const char* name) {
  if (static_cast<std::size_t>(dtype) < kDTypes.size()) return;
  throw InvalidArgument(fmt::format("{}: dtype {} is no value of DType", name, static_cast<int>(dtype)));
}

void check_problem(const Problem& problem) {
  check_dtype(problem.dtype, "problem");
  check_dtype(problem.output_dtype, "problem's output");
  check(problem.activation);
  if (problem.arithmetic > Arithmetic::tensor) {
    throw InvalidArgument(
        fmt::format("problem: {} is no value of Arithmetic", static_cast<int>(problem.arithmetic)));
  }
  if (problem.rows < 0 || problem.inputs < 1 || problem.outputs < 1 || problem.groups < 1) {
    throw InvalidArgument(fmt::format(
        "problem: {} groups of {} rows, {} inputs and {} outputs; expected at least one of each, or no rows",
        problem.groups, problem.rows, problem.inputs, problem.outputs));
  }
}

void check_view(const ConstMatrixView& view, const char* name) {
  check_dtype(view.dtype, name);
  if (view.place > Place::device) {
    throw InvalidArgument(
        fmt::format("{}: place {} is no value of Place", name, static_cast<int>(view.place)));
  }
  if (view.rows < 0 || view.columns < 0 || view.groups < 1) {
    throw InvalidArgument(
        fmt::format("{}: {} groups of {} × {}; expected at least one group and no negative size", name,
                    view.groups, view.rows, view.columns));
  }
  if (view.stride < view.columns) {
    throw InvalidArgument(
        fmt::format("{}: stride is {}, expected at least the {} columns (strides count elements)", name,
                    view.stride, view.columns));
  }
  std::int64_t across_rows = 0, across_groups = 0, elements = 0, size = 0;
  if (view.group_stride < 0 || __builtin_mul_overflow(view.rows, view.stride, &across_rows) ||
      __builtin_mul_overflow(view.groups - 1, view.group_stride, &across_groups) ||
      __builtin_add_overflow(across_rows, across_groups, &elements) ||
      __builtin_mul_overflow(elements, static_cast<std::int64_t>(size_of(view.dtype)), &size)) {
    throw InvalidArgument(fmt::format("{}: its strides reach beyond 2^63 bytes or are negative", name));
  }
  if (view.data == nullptr && view.rows > 0) {
    throw InvalidArgument(
        fmt::format("{}: data is null, expected {} × {} elements", name, view.rows, view.columns));
  }
}

void check_threads(int threads) {
  if (threads >= 0) return;
  throw InvalidArgument(fmt::format("threads is {}, expected 0 (one per core) or more", threads));
}

void check_layer(const Layer& layer, const std::string& name) {
  const ConstMatrixView& weight = layer.weight;
  check_view(weight, fmt::format("{} weight", name).c_str());
  if (weight.rows == 0 || weight.columns == 0) {
    throw InvalidArgument(fmt::format("{} weight: shape [{}, {}], expected at least one output and one input",
                                      name, weight.rows, weight.columns));
  }
  try {
    check(layer.activation);
  } catch (const InvalidArgument& error) {
    throw InvalidArgument(fmt::format("{}: {}", name, error.what()));
  }
  if (!layer.has_bias()) return;
  const ConstMatrixView& bias = layer.bias;
  check_view(bias, fmt::format("{} bias", name).c_str());
  if (bias.rows != 1 || bias.columns != weight.rows || bias.groups != weight.groups) {
    throw InvalidArgument(fmt::format(
        "{} bias: shape [{}, {}] in {} groups, expected [1, {}] in {} for weight [{}, {}]", name, bias.rows,
        bias.columns, bias.groups, weight.rows, weight.groups, weight.rows, weight.columns));
  }
  const DType accumulator = accumulator_of(weight.dtype);
  if (!widens_exactly(bias.dtype, accumulator)) {
    throw InvalidArgument(
        fmt::format("{} bias: dtype {} does not fit the {} in which {} weights are summed; convert it", name,
                    to_string(bias.dtype), to_string(accumulator), to_string(weight.dtype)));
  }
}

void check_stack(const std::vector<Layer>& layers) {
  if (layers.empty()) throw InvalidArgument("a model needs at least one layer");
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const Layer& layer = layers[index];
    check_layer(layer, fmt::format("layer {}", index));
    check_on_host(layer, fmt::format("layer {}", index));
    if (index == 0) continue;
    const ConstMatrixView& weight = layer.weight;
    const ConstMatrixView& before = layers[index - 1].weight;
    if (weight.columns != before.rows) {
      throw InvalidArgument(
          fmt::format("layer {} weight: shape [{}, {}] takes {} inputs, but layer {} with shape [{}, {}] "
                      "gives {} outputs",
                      index, weight.rows, weight.columns, weight.columns, index - 1, before.rows,
                      before.columns, before.rows));
    }
    if (weight.dtype != before.dtype || weight.groups != before.groups) {
      throw InvalidArgument(fmt::format(
          "layer {} weight: {} in {} groups, but layer {} is {} in {} groups; expected the same", index,
          to_string(weight.dtype), weight.groups, index - 1, to_string(before.dtype), before.groups));
    }
  }
}

void check_call(const ConstMatrixView& x, const Layer& first, const ConstMatrixView& y, const Layer& last) {
  check_view(x, "x");
  check_view(y, "y");
  check_fits(x.columns == first.inputs(), "x", "columns for the inputs of the model:", first.inputs(),
             x.columns);
  check_fits(y.columns == last.outputs(), "y", "columns for the outputs of the model:", last.outputs(),
             y.columns);
  check_fits(y.rows == x.rows, "y", "rows, as x has:", x.rows, y.rows);
  check_fits(x.groups == first.groups(), "x", "groups, as the model has:", first.groups(), x.groups);
  check_fits(y.groups == first.groups(), "y", "groups, as the model has:", first.groups(), y.groups);
  if (x.dtype != first.weight.dtype) {
    throw InvalidArgument(
        fmt::format("x: dtype is {}, expected the model's {}; convert x with perceptron::copy(x, dtype)",
                    to_string(x.dtype), to_string(first.weight.dtype)));
  }
  if (x.rows == 0) return;
  if (overlaps_itself(y)) {
    throw InvalidArgument(fmt::format("y: groups {} elements apart overlap; expected at least {}",
                                      y.group_stride, (y.rows - 1) * y.stride + y.columns));
  }
  if (x.place != y.place) return;
  const Extent from = extent(x), to = extent(y);
  if (from.begin < to.end && to.begin < from.end && may_overlap(x, y)) {
    throw InvalidArgument("y overlaps x; the result needs memory of its own");
  }
}

void check_place(const ConstMatrixView& view, std::string_view name, const Device& device) {
  if (device.reads(view.place)) return;
  throw Unsupported(
      fmt::format("{}: lies in device memory, and {} reads host memory only", name, device.name()));
}

void check_places(const Layer& layer, const std::string& name, const Device& device) {
  check_place(layer.weight, name + " weight", device);
  if (layer.has_bias()) check_place(layer.bias, name + " bias", device);
}

void check_on_host(const Layer& layer, const std::string& name) {
  if (layer.weight.place == Place::host && (!layer.has_bias() || layer.bias.place == Place::host)) return;
  throw Unsupported(fmt::format(
      "{}: its weights lie in device memory, and a Model copies host memory; use linear, or Engine::update",
      name));
}

void check_on_host(const ConstMatrixView& view, const char* name) {
  if (view.place == Place::host) return;
  throw Unsupported(fmt::format("{}: lies in device memory; copy it to host memory first", name));
}

void check_on_device(const ConstMatrixView& view, const char* name) {
  if (view.place == Place::device) return;
  throw InvalidArgument(fmt::format(
      "enqueue: {} lies in host memory; set its place to Place::device where the pointer is the device's, "
      "or use run, which stages host memory",
      name));
}

}  // namespace perceptron::engine
