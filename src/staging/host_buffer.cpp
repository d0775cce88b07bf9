#include "src/staging/host_buffer.hpp"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "perceptron/error.hpp"

namespace perceptron::staging {
namespace {

/// Bytes that a thread copies at a time: about 50 µs of work, five times what waking one takes. An estimate.
constexpr std::int64_t kTaskBytes = std::int64_t{512} << 10;

void copy_rows(const ConstMatrixView& from, const MatrixView& to, std::int64_t first, std::int64_t count) {
  const std::int64_t rows = from.rows;
  const std::size_t row_bytes = static_cast<std::size_t>(from.columns) * size_of(from.dtype);
  const bool is_dense = from.stride == from.columns && to.stride == to.columns;
  for (std::int64_t index = first; index < first + count;) {
    const std::int64_t group = index / rows, row = index % rows;
    const std::int64_t run = is_dense ? std::min(rows - row, first + count - index) : 1;
    std::memcpy(to.element(group, row), from.element(group, row), row_bytes * static_cast<std::size_t>(run));
    index += run;
  }
}

}  // namespace

HostBuffer::HostBuffer(Accelerator& accelerator, std::size_t bytes, const Log& log)
    : accelerator_(&accelerator) {
  try {
    pinned_ = accelerator.allocate_pinned(bytes);
  } catch (const DeviceLost&) {
    throw;
  } catch (const DeviceError& error) {
    if (log) {
      log(fmt::format(
          "{}: {} bytes of host memory could not be pinned, staging goes through pageable memory: {}",
          accelerator.name(), bytes, error.what()));
    }
    pageable_.reset(new std::byte[bytes]);
  }
}

HostBuffer::~HostBuffer() {
  if (pinned_ != nullptr) accelerator_->release_pinned(pinned_);
}

void HostBuffer::swap(HostBuffer& other) noexcept {
  std::swap(accelerator_, other.accelerator_);
  std::swap(pinned_, other.pinned_);
  std::swap(pageable_, other.pageable_);
}

void copy_host(const ConstMatrixView& from, const MatrixView& to, tbb::task_arena& threads) {
  const std::int64_t rows = from.rows * (from.group_stride == 0 ? 1 : from.groups);
  const auto row_bytes =
      std::max<std::int64_t>(1, from.columns * static_cast<std::int64_t>(size_of(from.dtype)));
  const std::int64_t rows_per_task = std::max<std::int64_t>(1, kTaskBytes / row_bytes);
  if (threads.max_concurrency() == 1 || rows <= 2 * rows_per_task) return copy_rows(from, to, 0, rows);
  const tbb::blocked_range<std::int64_t> all(0, rows, static_cast<std::size_t>(rows_per_task));
  threads.execute([&] {
    tbb::parallel_for(all, [&](const tbb::blocked_range<std::int64_t>& some) {
      copy_rows(from, to, some.begin(), some.end() - some.begin());
    });
  });
}

}  // namespace perceptron::staging
