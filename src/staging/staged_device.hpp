// The Device over an Accelerator: one code for GPUs and for the machine that executes PTX.
#pragma once

#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/candidate.hpp"
#include "src/engine/device.hpp"
#include "src/planning/planning.hpp"
#include "src/staging/accelerator.hpp"
#include "src/staging/device_layer.hpp"
#include "src/staging/host_buffer.hpp"
#include "src/staging/matrices.hpp"

namespace perceptron::staging {

struct StagedOptions {
  std::string name;                            ///< As it was asked for.
  const kernels::Candidate* forced = nullptr;  ///< Serves every layer; what it refuses is Unsupported.
  /// mirrored: host matrices are placed whole, as they lie, one call after another, in memory of each call's
  /// own. For tests.
  Layout layout = Layout::compact;
  /// Those that copy between the caller's memory and pinned memory; 0: one per core.
  int threads = 0;
  bool verifies_pointers = false;
  Log log;
};

/// The policy of that name, "tile_fma/64x64"; null where there is none.
const kernels::Candidate* find_candidate(std::string_view family_and_policy);
/// Every such name.
std::vector<std::string> candidate_names();

class StagedDevice : public engine::Device {
 public:
  StagedDevice(std::shared_ptr<Accelerator> accelerator, StagedOptions options);

  std::string name() const override { return options_.name; }
  int threads() const override { return options_.threads; }
  bool reads(Place place) const override;
  std::shared_ptr<const engine::ReadyLayer> prepare(const Layer& layer) const override;
  /// Writes the weights in place; runs that have begun are waited for.
  std::shared_ptr<const engine::ReadyLayer> update(const std::shared_ptr<const engine::ReadyLayer>& old,
                                                   const Layer& layer, Stream stream) const override;
  std::int64_t preferred_rows(const std::vector<Layer>& layers) const override;
  std::unique_ptr<engine::Workspace> workspace(const std::vector<Layer>& layers,
                                               std::int64_t rows) const override;
  std::size_t workspace_bytes(const std::vector<Layer>& layers, std::int64_t rows) const override;
  LayerPlan plan(const Problem& problem) const override;
  std::optional<DevicePlan> gpu_plan(const Problem& problem) const override;
  void run(const engine::ReadyLayers& layers, const ConstMatrixView& x, const MatrixView& y,
           engine::Workspace& workspace) const override;
  StageTimes run_by_stages(const engine::ReadyLayers& layers, const ConstMatrixView& x, const MatrixView& y,
                           engine::Workspace& workspace) const override;
  void enqueue(const engine::ReadyLayers& layers, ConstMatrixView x, MatrixView y,
               engine::Workspace& workspace, Stream stream) const override;
  void catch_up(Stream stream) const override;
  void linear(ConstMatrixView x, const Layer& layer, MatrixView y, Stream stream) const override;

 private:
  /// Throws Unsupported where no policy, or not the forced one, computes the problem.
  planning::Choice choose(const Problem& problem) const;
  std::vector<planning::PolicyRange> policies(const Layer& layer) const;
  void verify(const ConstMatrixView& view, const char* name) const;
  /// One stage after the other and timed where `seconds` is given.
  void run_or_time(const engine::ReadyLayers& layers, const ConstMatrixView& x, const MatrixView& y,
                   engine::Workspace& workspace, StageTimes* seconds) const;
  void run_mirrored(const engine::ReadyLayers& layers, const ConstMatrixView& x, const MatrixView& y,
                    std::int64_t rows) const;

  const std::shared_ptr<Accelerator> accelerator_;
  const StagedOptions options_;
  /// Held shared by runs, so that weights are not written meanwhile.
  mutable std::shared_mutex weights_;
};

}  // namespace perceptron::staging
