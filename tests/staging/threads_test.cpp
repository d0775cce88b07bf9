// Sessions of many threads on one device while its weights are replaced: each run has the old ones or the new
// ones, whole.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "src/ptx/ptx_accelerator.hpp"
#include "src/staging/staged_device.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron {
namespace {

using test::bytes_of, test::random_matrix, test::random_model, test::reference_output;

constexpr int kThreads = 4, kRunsEach = 25;

TEST(StagedThreads, RunsSeeOneSetOfWeights) {
  // Weights and bias change together: with one layer a mixture would be neither model's output.
  const Model models[] = {random_model({{5, 6}, "tanh"}, 1), random_model({{5, 6}, "tanh"}, 50)};
  const Matrix x = random_matrix(Matrix(DType::f32, 17, 5), 2);
  const std::vector<std::byte> expected[] = {bytes_of(reference_output(x, models[0], DType::f32)),
                                             bytes_of(reference_output(x, models[1], DType::f32))};
  staging::StagedOptions options;
  options.name = "ptx, staged";
  const staging::StagedDevice device(std::make_shared<ptx::PtxAccelerator>(0, 1), options);
  const std::vector<Layer> layers{models[0].layer(0)};
  const engine::ReadyLayers ready{device.prepare(layers[0])};
  std::atomic<int> wrong = 0, running = kThreads;
  const auto run_some = [&] {
    const auto workspace = device.workspace(layers, 4);
    for (int run = 0; run < kRunsEach; ++run) {
      Matrix y(DType::f32, 17, 6);
      device.run(ready, x, y, *workspace);
      const std::vector<std::byte> found = bytes_of(y);
      if (found != expected[0] && found != expected[1]) ++wrong;
    }
    --running;
  };
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) threads.emplace_back(run_some);
  for (int updates = 0; running != 0; ++updates) {
    EXPECT_EQ(device.update(ready[0], models[(updates + 1) % 2].layer(0), nullptr), ready[0]);
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace perceptron
