#include "src/staging/pipeline.hpp"

#include <algorithm>

#include "src/engine/stopwatch.hpp"
#include "src/staging/matrices.hpp"

namespace perceptron::staging {

using engine::timed;

namespace {

std::size_t row_bytes(const ConstMatrixView& view) {
  const std::int64_t groups = view.group_stride == 0 ? 1 : view.groups;
  return static_cast<std::size_t>(groups * view.columns) * size_of(view.dtype);
}

/// Memory of the caller's that the device copies from or to by itself, judged by its first and last byte.
bool is_pinned(const Accelerator& accelerator, const ConstMatrixView& view) {
  const auto* last_row = static_cast<const std::byte*>(view.element(view.groups - 1, view.rows - 1));
  const std::int64_t row_bytes = view.columns * static_cast<std::int64_t>(size_of(view.dtype));
  return accelerator.is_pinned(view.data) && accelerator.is_pinned(last_row + row_bytes - 1);
}

MatrixView on_host(MatrixView view) {
  view.place = Place::host;
  return view;
}

}  // namespace

Pipeline::Slot::Slot(Accelerator& accelerator, const SlotBytes& bytes, const Log& log)
    : x_host(accelerator, bytes.x, log),
      y_host(accelerator, bytes.y, log),
      x(accelerator, {bytes.x, "x"}),
      y(accelerator, {bytes.y, "y"}),
      copied_in(accelerator),
      computed(accelerator),
      copied_out(accelerator) {}

Pipeline::Pipeline(Accelerator& accelerator, const SlotBytes& bytes, int threads, const Log& log)
    : accelerator_(accelerator),
      bytes_(bytes),
      threads_(threads),
      in_(accelerator),
      compute_(accelerator),
      out_(accelerator),
      slots_{Slot(accelerator, bytes, log), Slot(accelerator, bytes, log), Slot(accelerator, bytes, log)} {}

std::int64_t Pipeline::rows_that_fit(const ConstMatrixView& x, const MatrixView& y) const {
  std::size_t rows = static_cast<std::size_t>(x.rows);
  if (x.place == Place::host) rows = std::min(rows, bytes_.x / row_bytes(x));
  if (y.place == Place::host) rows = std::min(rows, bytes_.y / row_bytes(y));
  return static_cast<std::int64_t>(rows);
}

template <class Work>
void Pipeline::for_each_chunk(const ConstMatrixView& x, const MatrixView& y, std::int64_t rows,
                              const Work& work) {
  const std::int64_t most = std::min(rows, rows_that_fit(x, y));
  const WaitOnError copying_in(accelerator_, in_.get()), computing(accelerator_, compute_.get()),
      copying_out(accelerator_, out_.get());
  forget();
  std::size_t next = 0;
  for (std::int64_t row = 0; row < x.rows; row += std::min(most, x.rows - row)) {
    const std::int64_t count = std::min(most, x.rows - row);
    Slot& slot = slots_[next++ % kSlots];
    finish(slot);
    work(slot, x.row_range(row, count), y.row_range(row, count));
  }
  for (std::size_t index = 0; index < kSlots; ++index) finish(slots_[next++ % kSlots]);
}

void Pipeline::run(const ConstMatrixView& x, const MatrixView& y, std::int64_t rows, const Compute& compute) {
  for_each_chunk(x, y, rows, [&](Slot& slot, const ConstMatrixView& x_rows, const MatrixView& y_rows) {
    compute_slot(slot, stage_in(slot, x_rows), y_rows, compute);
    stage_out(slot, y_rows);
  });
}

StageTimes Pipeline::run_by_stages(const ConstMatrixView& x, const MatrixView& y, std::int64_t rows,
                                   const Compute& compute) {
  StageTimes seconds;
  for_each_chunk(x, y, rows, [&](Slot& slot, const ConstMatrixView& x_rows, const MatrixView& y_rows) {
    const ConstMatrixView from = timed(seconds.staging_in, [&] {
      const ConstMatrixView staged = stage_in(slot, x_rows);
      accelerator_.synchronize(in_.get());
      return staged;
    });
    timed(seconds.compute, [&] {
      compute_slot(slot, from, y_rows, compute);
      accelerator_.synchronize(compute_.get());
    });
    timed(seconds.staging_out, [&] {
      stage_out(slot, y_rows);
      finish(slot);
    });
  });
  return seconds;
}

ConstMatrixView Pipeline::stage_in(Slot& slot, const ConstMatrixView& x) {
  if (x.place == Place::device) return x;
  const MatrixView to = compact_view(x, slot.x.data());
  ConstMatrixView from = x;
  if (!is_pinned(accelerator_, x)) {
    const MatrixView staged = on_host(compact_view(x, slot.x_host.data()));
    copy_host(x, staged, threads_);
    from = staged;
  }
  copy_in(accelerator_, in_.get(), from, to);
  accelerator_.record(slot.copied_in.get(), in_.get());
  accelerator_.wait(compute_.get(), slot.copied_in.get());
  return to;
}

void Pipeline::compute_slot(Slot& slot, const ConstMatrixView& x, const MatrixView& y,
                            const Compute& compute) {
  compute(compute_.get(), x, y.place == Place::device ? y : compact_view(y, slot.y.data()));
  accelerator_.record(slot.computed.get(), compute_.get());
  slot.done = slot.computed.get();
}

void Pipeline::stage_out(Slot& slot, const MatrixView& y) {
  if (y.place == Place::device) return;
  const MatrixView from = compact_view(y, slot.y.data());
  MatrixView to = y;
  if (!is_pinned(accelerator_, y)) {
    to = on_host(compact_view(y, slot.y_host.data()));
    slot.result = y;
  }
  accelerator_.wait(out_.get(), slot.computed.get());
  copy_out(accelerator_, out_.get(), from, to);
  accelerator_.record(slot.copied_out.get(), out_.get());
  slot.done = slot.copied_out.get();
}

void Pipeline::finish(Slot& slot) {
  if (slot.done == nullptr) return;
  accelerator_.synchronize_event(slot.done);
  slot.done = nullptr;
  if (slot.result.data == nullptr) return;
  copy_host(on_host(compact_view(slot.result, slot.y_host.data())), slot.result, threads_);
  slot.result = {};
}

/// What a run that failed left in the slots: its work has been waited for.
void Pipeline::forget() {
  for (Slot& slot : slots_) {
    slot.done = nullptr;
    slot.result = {};
  }
}

}  // namespace perceptron::staging
