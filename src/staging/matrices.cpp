#include "src/staging/matrices.hpp"

#include <algorithm>

namespace perceptron::staging {
namespace {

std::int64_t distinct_groups(const ConstMatrixView& view) { return view.group_stride == 0 ? 1 : view.groups; }

/// Every group's rows follow the last group's at the same pitch.
bool is_one_run(const ConstMatrixView& view) {
  return distinct_groups(view) == 1 || view.group_stride == view.rows * view.stride;
}

Copy copy_of(const ConstMatrixView& from, const MatrixView& to, std::int64_t group) {
  const std::size_t size = size_of(from.dtype);
  Copy copy;
  copy.from = from.element(group, 0);
  copy.to = to.element(group, 0);
  copy.from_pitch = static_cast<std::size_t>(from.stride) * size;
  copy.to_pitch = static_cast<std::size_t>(to.stride) * size;
  copy.row_bytes = static_cast<std::size_t>(from.columns) * size;
  copy.rows = static_cast<std::size_t>(from.rows);
  return copy;
}

/// Calls body(copy) with as few rectangles as hold all elements.
template <class Body>
void for_each_copy(const ConstMatrixView& from, const MatrixView& to, const Body& body) {
  const std::int64_t groups = distinct_groups(from);
  if (is_one_run(from) && is_one_run(to)) {
    Copy all = copy_of(from, to, 0);
    all.rows *= static_cast<std::size_t>(groups);
    return body(all);
  }
  for (std::int64_t group = 0; group < groups; ++group) body(copy_of(from, to, group));
}

/// Bytes from the first element to behind the last one.
std::size_t span_bytes(const ConstMatrixView& view) {
  if (view.rows == 0) return 0;
  const std::int64_t last =
      (view.groups - 1) * view.group_stride + (view.rows - 1) * view.stride + view.columns;
  return static_cast<std::size_t>(last) * size_of(view.dtype);
}

}  // namespace

void copy_in(Accelerator& accelerator, Queue queue, const ConstMatrixView& host, const MatrixView& device) {
  for_each_copy(host, device, [&](const Copy& copy) { accelerator.copy_in(queue, copy); });
}

void copy_out(Accelerator& accelerator, Queue queue, const ConstMatrixView& device, const MatrixView& host) {
  for_each_copy(device, host, [&](const Copy& copy) { accelerator.copy_out(queue, copy); });
}

MatrixView compact_view(const ConstMatrixView& view, void* data) {
  MatrixView compact(data, view.dtype, view.rows, view.columns);
  compact = compact.with_groups(view.groups, view.group_stride == 0 ? 0 : view.rows * view.columns);
  compact.place = Place::device;
  return compact;
}

std::size_t compact_bytes(const ConstMatrixView& view) {
  return static_cast<std::size_t>(distinct_groups(view) * view.rows * view.columns) * size_of(view.dtype);
}

PlacedMatrix make_room(Accelerator& accelerator, const ConstMatrixView& host, const char* name,
                       Layout layout) {
  if (layout == Layout::compact) {
    DeviceBuffer buffer(accelerator, {compact_bytes(host), name});
    const MatrixView view = compact_view(host, buffer.data());
    return {std::move(buffer), view};
  }
  DeviceBuffer buffer(accelerator,
                      {span_bytes(host), name, reinterpret_cast<std::uintptr_t>(host.data) % 256});
  MatrixView view(buffer.data(), host.dtype, host.rows, host.columns);
  view = view.with_stride(host.stride).with_groups(host.groups, host.group_stride);
  view.place = Place::device;
  return {std::move(buffer), view};
}

}  // namespace perceptron::staging
