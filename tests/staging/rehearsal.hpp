// A model made ready on a rehearsal device, for the tests of staging.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/staging/matrices.hpp"
#include "src/staging/staged_device.hpp"
#include "tests/staging/rehearsal_accelerator.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron::test {

/// What an Engine does with its device, with chunks of `chunk_rows` rows. Members go in the order in which an
/// Engine's do: the accelerator last.
class Rehearsal {
 public:
  Rehearsal(Model model, std::int64_t chunk_rows, const Script& script)
      : accelerator(std::make_shared<RehearsalAccelerator>(script)),
        model_(std::move(model)),
        chunk_rows_(chunk_rows) {
    staging::StagedOptions options;
    options.name = "rehearsal";
    options.threads = 1;
    options.verifies_pointers = true;
    options.log = [this](std::string_view line) { news.emplace_back(line); };
    device = std::make_unique<staging::StagedDevice>(accelerator, std::move(options));
  }

  /// Everything that comes before the first run; may be called again where it failed.
  void prepare() {
    const std::vector<Layer> layers = model_.layers();
    while (ready.size() < layers.size()) ready.push_back(device->prepare(layers[ready.size()]));
    if (workspace == nullptr) workspace = device->workspace(layers, chunk_rows_);
  }
  void run(ConstMatrixView x, MatrixView y) { device->run(ready, x, y, *workspace); }
  StageTimes run_by_stages(ConstMatrixView x, MatrixView y) {
    return device->run_by_stages(ready, x, y, *workspace);
  }
  void forget() {
    workspace.reset();
    ready.clear();
  }

  const std::shared_ptr<RehearsalAccelerator> accelerator;
  std::unique_ptr<staging::StagedDevice> device;
  engine::ReadyLayers ready;
  std::unique_ptr<engine::Workspace> workspace;
  std::vector<std::string> news;

 private:
  Model model_;
  std::int64_t chunk_rows_;
};

/// A matrix in the device's memory.
struct OnDevice {
  OnDevice(staging::Accelerator& accelerator, const Matrix& source)
      : placed(staging::make_room(accelerator, source, "matrix", staging::Layout::compact)) {
    const staging::WaitOnError source_stays(accelerator, nullptr);
    staging::copy_in(accelerator, nullptr, source, placed.view);
    accelerator.synchronize(nullptr);
  }
  Matrix back(staging::Accelerator& accelerator) const {
    Matrix matrix(placed.view.dtype, placed.view.rows, placed.view.columns);
    const staging::WaitOnError matrix_stays(accelerator, nullptr);
    staging::copy_out(accelerator, nullptr, placed.view, matrix.view());
    accelerator.synchronize(nullptr);
    return matrix;
  }

  staging::PlacedMatrix placed;
};

}  // namespace perceptron::test
