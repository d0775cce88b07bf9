// A Model made ready on a device, and the Sessions through which threads use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "perceptron/export.hpp"
#include "perceptron/model.hpp"
#include "perceptron/options.hpp"
#include "perceptron/plan.hpp"
#include "perceptron/view.hpp"

namespace perceptron {

class Session;

/// Where the time of a call goes, in seconds.
struct StageTimes {
  double staging_in = 0;   ///< From the caller's x to the device.
  double compute = 0;      ///< All layers, on the device.
  double staging_out = 0;  ///< From the device to the caller's y.
};

/// Construction decides everything and packs the weights once. Any number of threads may share an Engine.
class PERCEPTRON_API Engine {
 public:
  /// Throws Unsupported where no device serves the model, DeviceError where the named device is missing.
  explicit Engine(const Model& model, const Options& options = {});
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  /// Computes y from x and returns when y is written. Either may lie in host memory, or in memory of the
  /// engine's GPU (Place::device); a GPU stages host memory through pinned slots. Device memory must hold x
  /// already, or be written by the default stream. x: rows × inputs of the model's dtype; y: rows ×
  /// outputs of any dtype, each value rounded once to it. Models with groups take x with the same number of
  /// groups, or one shared by all (group_stride = 0), and y with that many. rows = 0 does nothing. Borrows a
  /// Session, made on first use. Throws InvalidArgument, before any work, on null, wrong shape or dtype,
  /// stride < columns, or where y overlaps x or itself.
  void run(ConstMatrixView x, MatrixView y);

  /// A queue and scratch memory of one's own, for a thread that calls often: its runs allocate nothing.
  /// Sessions keep the prepared weights alive and may outlive the Engine.
  Session session();

  /// Replaces weights and bias of a layer by others of the same shapes and dtype; an empty bias view keeps a
  /// bias of zeros where the layer has one. Runs that have begun finish with the old ones, later runs use the
  /// new. May be called from any thread. On a GPU the weights are written in place, when the runs that have
  /// begun are done, behind the work of `stream`: captured graphs see them, and what is enqueued on another
  /// stream must be ordered by its events. Returns at once where all views lie on the device, else when the
  /// weights are there.
  void update(std::size_t index, ConstMatrixView weight, ConstMatrixView bias, Stream stream = {});

  /// How a call of that many rows is carried out.
  Plan plan(std::int64_t rows) const;
  /// Bytes of prepared weights plus one Session's scratch for calls of that many rows.
  std::size_t memory_required(std::int64_t rows) const;

 private:
  friend class Session;
  struct State;
  std::shared_ptr<State> state_;
};

/// One concurrent caller of an Engine. Use it from one thread at a time; a second thread that enters while a
/// run is under way gets InvalidArgument and disturbs nothing.
class PERCEPTRON_API Session {
 public:
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// As Engine::run, without its search for a free Session. Allocates nothing.
  void run(ConstMatrixView x, MatrixView y);

  /// As run, one stage after the other, each waited for and timed: what they take by themselves. run() lets
  /// them overlap and is faster. A device that reads and writes x and y where they lie, as the CPU does,
  /// stages nothing: zeros.
  StageTimes run_by_stages(ConstMatrixView x, MatrixView y);

  /// As run on memory of the engine's GPU (Place::device), behind the work of `stream` (null: the default
  /// stream), returning at once: no allocation, no synchronisation, and a capture into a CUDA graph may be
  /// under way. A Session's scratch serves one stream at a time: its enqueued work must be done before it
  /// runs or enqueues on another one, and before it goes. A replayed graph uses the scratch of the Session
  /// that was captured. Throws InvalidArgument for host views, Unsupported where the device has no streams.
  void enqueue(ConstMatrixView x, MatrixView y, Stream stream);

 private:
  friend class Engine;
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace perceptron
