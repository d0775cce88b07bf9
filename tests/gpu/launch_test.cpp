// Kernels from the embedded fat binaries on a GPU: every entry against the reference, captured and replayed,
// refused, and a fault that ends the device's use. Written without a GPU at hand.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "kernels/families.hpp"
#include "kernels/pack/pack.hpp"
#include "perceptron/error.hpp"
#include "src/planning/linear_arguments.hpp"
#include "src/reference/canonical.hpp"
#include "src/staging/matrices.hpp"
#include "tests/gpu/gpu_fixture.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/random_problem.hpp"
#include "tests/support/same_bits.hpp"

namespace perceptron::test {
namespace {

using staging::DeviceBuffer, staging::PlacedMatrix;

/// A problem whose operands lie on the device as they lie on the host, weights packed.
class OnGpu {
 public:
  OnGpu(cuda::CudaAccelerator& gpu, staging::Queue queue, RandomProblem& data)
      : gpu_(gpu),
        queue_(queue),
        data_(data),
        x_(place(data.x())),
        y_(staging::make_room(gpu, data.y(), "y", staging::Layout::mirrored)) {
    const Layer layer = data.layer();
    const PlacedMatrix weight = place(layer.weight), bias = place(layer.bias);
    const std::int64_t outputs = kernels::packed_outputs(layer.outputs()), inputs = layer.inputs();
    const DType storage = layer.weight.dtype, accumulator = accumulator_of(storage);
    const auto groups = layer.groups();
    weight_ =
        DeviceBuffer(gpu, {static_cast<std::size_t>(groups * inputs * outputs) * size_of(storage), "weight"});
    bias_ = DeviceBuffer(gpu, {static_cast<std::size_t>(groups * outputs) * size_of(accumulator), "bias"});
    gpu.launch(queue, kernels::pack::pack_weight({weight.view.data, weight_.data(), inputs, layer.outputs(),
                                                  groups, weight.view.stride, weight.view.group_stride},
                                                 storage));
    gpu.launch(queue, kernels::pack::pack_bias({bias.view.data, bias_.data(), layer.outputs(), groups,
                                                bias.view.group_stride, bias.view.dtype},
                                               accumulator));
    gpu.synchronize(queue);
    packed_ = {weight_.data(), bias_.data(), groups == 1 ? 0 : inputs * outputs, groups == 1 ? 0 : outputs};
  }

  kernels::Launch launch_of(const kernels::Candidate& candidate) const {
    return candidate.launch(planning::linear_arguments(x_.view, packed_, y_.view, data_.problem().activation),
                            x_.view.dtype);
  }

  /// The reference's output, and what lies in y now.
  void expect_reference(const std::string& what) {
    Storage expected = data_.make_output(), found = data_.make_output();
    reference::canonical(data_.x(), data_.layer(), data_.y_view(expected));
    staging::copy_out(gpu_, queue_, y_.view, data_.y_view(found));
    gpu_.synchronize(queue_);
    std::vector<std::byte> want = expected.bytes(), have = found.bytes();
    unify_nans(want, data_.problem().output_dtype);
    unify_nans(have, data_.problem().output_dtype);
    EXPECT_EQ(want, have) << to_string(data_.problem()) << ": " << what;
  }

  /// Again, into the same memory.
  void bring_x() {
    staging::copy_in(gpu_, queue_, data_.x(), x_.view);
    gpu_.synchronize(queue_);
  }

 private:
  PlacedMatrix place(const ConstMatrixView& host) {
    PlacedMatrix placed = staging::make_room(gpu_, host, "operand", staging::Layout::mirrored);
    staging::copy_in(gpu_, queue_, host, placed.view);
    return placed;
  }

  cuda::CudaAccelerator& gpu_;
  staging::Queue queue_;
  RandomProblem& data_;
  PlacedMatrix x_, y_;
  DeviceBuffer weight_, bias_;
  planning::PackedWeights packed_;
};

/// A small problem that the policy accepts; none where it has no kernel of that dtype.
std::optional<Problem> accepted_problem(const kernels::Candidate& candidate, DType dtype) {
  if (candidate.entry(dtype).empty()) return {};
  for (const char* sizes :
       {"67x300x45", "9x300x45", "67x300x5", "67x300x3", "67x300x1", "67x7x3", "67x2x3"}) {
    Problem problem = Problem::parse("2@" + std::string(sizes) + ":f32:sigmoid");
    problem.dtype = problem.output_dtype = dtype;
    if (!candidate.refusal(problem)) return problem;
  }
  ADD_FAILURE() << candidate.entry(dtype) << " accepts none of the problems";
  return {};
}

/// Of two problems of the same shape.
void copy_x(RandomProblem& from, RandomProblem& to) {
  const ConstMatrixView source = from.x(), target = to.x();
  const std::size_t row_bytes = static_cast<std::size_t>(source.columns) * size_of(source.dtype);
  for (std::int64_t group = 0; group < source.groups; ++group) {
    for (std::int64_t row = 0; row < source.rows; ++row) {
      std::memcpy(const_cast<void*>(target.element(group, row)), source.element(group, row), row_bytes);
    }
  }
}

TEST_F(AcceleratorTest, EveryEntryGivesTheReferencesBits) {
  for (const kernels::Candidate& candidate : kernels::candidates()) {
    for (const DTypeTraits& dtype : kDTypes) {
      const auto problem = accepted_problem(candidate, dtype.dtype);
      if (!problem) continue;
      RandomProblem data(*problem, 1, {3, 1, 2, 1}, Data::specials);
      OnGpu operands(gpu(), queue(), data);
      gpu().launch(queue(), operands.launch_of(candidate));
      operands.expect_reference(std::string(candidate.entry(problem->dtype)));
    }
  }
}

TEST_F(AcceleratorTest, LaunchesAreCapturedAndReplayed) {
  const kernels::Candidate& candidate = kernels::candidates().back();
  const Problem problem = *accepted_problem(candidate, DType::f32);
  RandomProblem first(problem, 1), second(problem, 2);
  OnGpu operands(gpu(), queue(), first);
  gpu().make_ready(operands.launch_of(candidate));
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
  gpu().launch(stream, operands.launch_of(candidate));
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  cudaGraphExec_t replay = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&replay, graph, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphLaunch(replay, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  operands.expect_reference("replayed once");

  copy_x(second, first);
  operands.bring_x();
  ASSERT_EQ(cudaGraphLaunch(replay, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  operands.expect_reference("replayed on another x");
  EXPECT_EQ(cudaGraphExecDestroy(replay), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
}

TEST_F(AcceleratorTest, WhatNoKernelServesIsRefused) {
  kernels::Launch launch = kernels::pack::pack_bias({nullptr, nullptr, 1, 1, 0, DType::f32}, DType::f32);
  launch.shared_bytes = 1 << 30;
  expect_error<Unsupported>([&] { gpu().make_ready(launch); }, {"pack_bias_f32", "shared memory", "cuda:0"});
  launch.shared_bytes = 0;
  launch.entry = "no_such_entry";
  expect_error<DeviceError>([&] { gpu().make_ready(launch); }, {"no_such_entry", "pack"});
  launch.family = "no_such_family";
  expect_error<Unsupported>([&] { gpu().make_ready(launch); }, {"no_such_family"});
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

/// Exits with 0 where everything after the fault was refused with DeviceLost and nothing reached CUDA.
[[noreturn]] void provoke_fault() {
  const auto gpu = cuda::accelerator_of(0);
  int failures = 0;
  const auto expect_lost = [&](auto&& action) {
    try {
      action();
      ++failures;
    } catch (const DeviceLost&) {
    }
  };
  {
    const staging::OwnedQueue queue(*gpu);
    const DeviceBuffer buffer(*gpu, {256, "test"});
    auto* nowhere = reinterpret_cast<void*>(std::uintptr_t{4096});
    gpu->launch(queue.get(), kernels::pack::pack_bias({nowhere, nowhere, 64, 1, 0, DType::f32}, DType::f32));
    expect_lost([&] { gpu->synchronize(queue.get()); });
    expect_lost([&] { gpu->synchronize(queue.get()); });
    expect_lost([&] { gpu->allocate({1, "test"}, nullptr); });
    expect_lost([&] { gpu->make_event(); });
    expect_lost([&] { gpu->free_bytes(); });
  }
  std::exit(failures);
}

TEST_F(AcceleratorTest, AFaultEndsTheDevicesUse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(provoke_fault(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace perceptron::test
