#include "bench/gpu/host_arrays.hpp"

#include <fmt/format.h>

#include <cstring>

#include "bench/gpu/workload.hpp"
#include "bench/support/interleave.hpp"
#include "perceptron/engine.hpp"
#include "perceptron/error.hpp"
#include "perceptron/matrix.hpp"

namespace perceptron::bench::gpu {
namespace {

/// x and y on the host twice, pinned and pageable, and on the device.
class HostArrays {
 public:
  HostArrays(EventTimer& timer, const Problem& problem)
      : workload_(problem, timer),
        x_(problem.dtype, problem.rows, problem.inputs, problem.shared_x ? 1 : problem.groups),
        y_(problem.output_dtype, problem.rows, problem.outputs, problem.groups),
        pinned_x_(allocate_pinned(x_.size_bytes(), "x")),
        pinned_y_(allocate_pinned(y_.size_bytes(), "y")),
        in_(make_stream()),
        out_(make_stream()) {
    copy(pinned_x_.get(), workload_.x().data, x_.size_bytes(), in_.get());
    wait();
    std::memcpy(x_.data(), pinned_x_.get(), x_.size_bytes());
    std::memset(y_.data(), 0xff, y_.size_bytes());
    std::memset(pinned_y_.get(), 0xff, y_.size_bytes());
  }

  const Workload& workload() const { return workload_; }
  ConstMatrixView x() const {
    ConstMatrixView view = x_.view();
    if (workload_.problem().shared_x) view = view.with_groups(workload_.problem().groups, 0);
    return view;
  }
  MatrixView y() { return y_.view(); }
  ConstMatrixView pinned_x() const {
    ConstMatrixView view = x();
    view.data = pinned_x_.get();
    return view;
  }
  MatrixView pinned_y() {
    MatrixView view = y();
    view.data = pinned_y_.get();
    return view;
  }
  bool has_same_results() const { return std::memcmp(y_.data(), pinned_y_.get(), y_.size_bytes()) == 0; }

  /// x in and y out on two streams at once; returns when both are done.
  void copy_both() {
    copy(workload_.x_memory(), pinned_x_.get(), x_.size_bytes(), in_.get());
    copy(pinned_y_.get(), workload_.y().data, y_.size_bytes(), out_.get());
    wait();
  }

 private:
  static void copy(void* to, const void* from, std::size_t bytes, Stream stream) {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), "copying host arrays");
  }
  void wait() const {
    check(cudaStreamSynchronize(in_.get()), "waiting for a copy");
    check(cudaStreamSynchronize(out_.get()), "waiting for a copy");
  }

  Workload workload_;
  Matrix x_, y_;
  PinnedMemory pinned_x_, pinned_y_;
  OwnedStream in_, out_;
};

}  // namespace

HostResult measure_host_arrays(EventTimer& timer, const Problem& problem, double seconds) {
  HostArrays arrays(timer, problem);
  Engine engine(arrays.workload().model(), engine_options(arrays.workload()));
  Session session = engine.session();
  const auto run_pinned = [&] { session.run(arrays.pinned_x(), arrays.pinned_y()); };
  const auto run_pageable = [&] { session.run(arrays.x(), arrays.y()); };
  run_pinned();
  run_pageable();
  if (!arrays.has_same_results()) {
    throw DeviceError("Session::run gives other bits on pinned arrays than on pageable ones");
  }
  Schedule schedule;
  schedule.lane_seconds = seconds / 4;  // Three lanes, and the untimed calls before each sample.
  const auto rounds = interleave(
      {{"copies", [&] { arrays.copy_both(); }}, {"pinned", run_pinned}, {"pageable", run_pageable}},
      schedule);
  return {problem,
          quartiles(rounds[0]),
          quartiles(rounds[1]),
          quartiles(rounds[2]),
          median_ratio(rounds[0], rounds[1]),
          median_ratio(rounds[0], rounds[2])};
}

}  // namespace perceptron::bench::gpu
