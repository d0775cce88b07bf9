// What a device does that says nothing else, and how many rows it takes at a time.
#include "src/engine/device.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "perceptron/error.hpp"
#include "src/engine/stopwatch.hpp"

namespace perceptron::engine {
namespace {

[[noreturn]] void refuse_stream(const Device& device, const char* name) {
  throw Unsupported(fmt::format("{}: {} has no streams; use host memory and run", name, device.name()));
}

}  // namespace

StageTimes Device::run_by_stages(const ReadyLayers& layers, const ConstMatrixView& x, const MatrixView& y,
                                 Workspace& workspace) const {
  StageTimes seconds;
  timed(seconds.compute, [&] { run(layers, x, y, workspace); });
  return seconds;
}

void Device::enqueue(const ReadyLayers&, ConstMatrixView, MatrixView, Workspace&, Stream) const {
  refuse_stream(*this, "enqueue");
}

void Device::linear(ConstMatrixView, const Layer&, MatrixView, Stream) const {
  refuse_stream(*this, "linear");
}

std::int64_t chunk_rows(const Device& device, const std::vector<Layer>& layers, std::size_t budget) {
  const std::int64_t preferred = device.preferred_rows(layers);
  if (budget == 0) return preferred;
  const std::size_t fixed = device.workspace_bytes(layers, 0);
  const std::size_t per_row = device.workspace_bytes(layers, 1) - fixed;
  if (budget < fixed + per_row) {
    throw InvalidArgument(
        fmt::format("memory_budget_bytes is {}, but one row needs {} bytes of scratch ({} fixed)", budget,
                    fixed + per_row, fixed));
  }
  if (per_row == 0) return preferred;
  return std::min(preferred, static_cast<std::int64_t>((budget - fixed) / per_row));
}

}  // namespace perceptron::engine
