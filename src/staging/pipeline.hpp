// Rows of host matrices through a device: copied in, computed and copied out on three queues, so that the
// three overlap. A ring of slots holds the chunks that are under way.
//
//   x ─ host copy ─► slot.x_host ─ in ─► slot.x ─ compute ─► slot.y ─ out ─► slot.y_host ─ host copy ─► y
//
// Who may touch a slot: the host, until `in` is told to copy; then the queues, each behind the last one's
// event; the host again when `done` has happened. So a slot is used anew only when its whole chunk is
// through, and no event is needed from a later stage back to an earlier one.
#pragma once

#include <tbb/task_arena.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "perceptron/engine.hpp"
#include "perceptron/view.hpp"
#include "src/staging/accelerator.hpp"
#include "src/staging/host_buffer.hpp"

namespace perceptron::staging {

/// Chunks under way: one that is copied in, one that is computed, one that is copied out.
inline constexpr std::size_t kSlots = 3;

/// Of one slot; the host side and the device side have that many bytes each.
struct SlotBytes {
  std::size_t x = 0, y = 0;
};

class Pipeline {
 public:
  /// Allocates everything that run() uses. On the host up to `threads` threads copy, the caller's included.
  Pipeline(Accelerator& accelerator, const SlotBytes& bytes, int threads, const Log& log);

  /// Enqueues the work of a chunk: device views.
  using Compute = std::function<void(Queue, const ConstMatrixView& x, const MatrixView& y)>;

  /// Calls compute for every chunk of at most `rows` rows, fewer where a slot holds fewer, and returns when y
  /// is written. Views that lie on the device already are not copied, and neither are those that lie in
  /// memory which the caller pinned. After an error nothing is under way any more.
  void run(const ConstMatrixView& x, const MatrixView& y, std::int64_t rows, const Compute& compute);
  /// The same, each chunk by itself and each of its stages waited for and timed.
  StageTimes run_by_stages(const ConstMatrixView& x, const MatrixView& y, std::int64_t rows,
                           const Compute& compute);

  Queue compute_queue() const { return compute_.get(); }

 private:
  struct Slot {
    Slot(Accelerator& accelerator, const SlotBytes& bytes, const Log& log);

    HostBuffer x_host, y_host;
    DeviceBuffer x, y;
    OwnedEvent copied_in, computed, copied_out;
    MatrixView result{};   ///< Where the chunk's rows belong.
    Event done = nullptr;  ///< Null: nothing is under way.
  };

  std::int64_t rows_that_fit(const ConstMatrixView& x, const MatrixView& y) const;
  /// Calls work(slot, x, y) for every chunk of at most `rows` rows, the slots in turn, and finishes them all.
  template <class Work>
  void for_each_chunk(const ConstMatrixView& x, const MatrixView& y, std::int64_t rows, const Work& work);
  ConstMatrixView stage_in(Slot& slot, const ConstMatrixView& x);
  void compute_slot(Slot& slot, const ConstMatrixView& x, const MatrixView& y, const Compute& compute);
  void stage_out(Slot& slot, const MatrixView& y);
  void finish(Slot& slot);
  void forget();

  Accelerator& accelerator_;
  SlotBytes bytes_;
  tbb::task_arena threads_;
  OwnedQueue in_, compute_, out_;
  std::array<Slot, kSlots> slots_;
};

}  // namespace perceptron::staging
