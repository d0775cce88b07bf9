// What no real GPU shows on request: memory that lacks at the n-th allocation, a failure for good at the n-th
// call, a device too old, a second one.
#include "tests/stand_in/stand_in.hpp"

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "perceptron/engine.hpp"
#include "perceptron/error.hpp"
#include "perceptron/linear.hpp"
#include "src/cuda/cuda_accelerator.hpp"
#include "src/cuda/cuda_device.hpp"
#include "src/cuda/probe.hpp"
#include "src/staging/matrices.hpp"
#include "src/staging/staged_device.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron::test {
namespace {
constexpr std::int64_t kRows = 17;

struct Case {
  Model model = random_model({{37, 20, 9}, "relu,softmax"}, 1);
  Matrix x = random_matrix(Matrix(DType::f32, kRows, 37), 2);
  std::vector<std::byte> expected = bytes_of(reference_output(std::as_const(x).view(), model, DType::f32));
};

Options on(const char* device) {
  Options options;
  options.device = device;
  options.threads = 1;
  options.verify_pointers = true;
  return options;
}

/// Everything from a new accelerator to the releases of all that it made, whatever goes wrong.
std::vector<std::byte> output_of_new_accelerator(const Case& data) {
  staging::StagedOptions options;
  options.name = "cuda:0";
  options.threads = 1;
  const auto accelerator = std::make_shared<cuda::CudaAccelerator>(0, cuda::probe(0));
  const staging::StagedDevice device(accelerator, options);
  const std::vector<Layer> layers{data.model.layer(0), data.model.layer(1)};
  const engine::ReadyLayers ready{device.prepare(layers[0]), device.prepare(layers[1])};
  const auto workspace = device.workspace(layers, 4);
  Matrix y(DType::f32, kRows, 9);
  device.run(ready, data.x.view(), y.view(), *workspace);
  return bytes_of(y);
}

/// True where it was DeviceLost that came; else the output was right.
bool is_lost(const Case& data) {
  try {
    EXPECT_EQ(output_of_new_accelerator(data), data.expected);
    return false;
  } catch (const DeviceLost&) {
    return true;
  }
}

TEST(CudaStandIn, AfterAFatalErrorAtAnyCallNothingReachesCuda) {
  const Case data;
  std::int64_t losses = 0, call = 1;
  for (;; ++call) {
    stand_in::fail_call(call, cudaErrorIllegalAddress);
    losses += is_lost(data) ? 1 : 0;
    if (stand_in::is_failure_ahead()) break;  // No call was left for it.
    EXPECT_EQ(stand_in::calls_after_fatal(), 0) << "after call " << call;
    stand_in::revive();
  }
  stand_in::revive();
  stand_in::fail_call(0, cudaSuccess);
  EXPECT_GT(call, 100);
  EXPECT_GT(losses, call / 2);  // The rest are releases, from which no error comes.
}

TEST(CudaStandIn, WithoutMemoryForAnyAllocationNothingIsLeftBehind) {
  const Case data;
  int refusals = 0;
  for (std::int64_t allocation = 1;; ++allocation) {
    stand_in::fail_allocation(allocation);
    try {
      EXPECT_EQ(output_of_new_accelerator(data), data.expected) << "allocation " << allocation;
    } catch (const DeviceOutOfMemory&) {
      ++refusals;
    }
    EXPECT_EQ(stand_in::live(), 0U) << "after allocation " << allocation;
    EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess) << "after allocation " << allocation;
    if (stand_in::is_failure_ahead()) break;  // No call was left for it.
  }
  stand_in::fail_allocation(0);
  EXPECT_GT(refusals, 3);
}

TEST(CudaStandIn, ADeviceTooOldIsRefusedByName) {
  for (const DeviceInfo& device : cuda::cuda_devices()) EXPECT_NE(device.name, "cuda:2");
  const Case data;
  expect_error<Unsupported>([&] { Engine(data.model, on("cuda:2")); },
                            {"cuda:2 has compute capability 7.5", "8.0"});
}

TEST(CudaStandIn, AnEngineRunsOnTheSecondDevice) {
  const Case data;
  Engine engine(data.model, on("cuda:1"));
  Matrix y(DType::f32, kRows, 9);
  engine.run(data.x.view(), y.view());
  EXPECT_EQ(bytes_of(y), data.expected);
  EXPECT_GT(stand_in::used_bytes(1), 0U);
  EXPECT_EQ(stand_in::used_bytes(0), 0U);
}

TEST(CudaStandIn, StagesAreTimed) {
  const Case data;
  Engine engine(data.model, on("cuda:0"));
  Matrix y(DType::f32, kRows, 9);
  const StageTimes seconds = engine.session().run_by_stages(data.x.view(), y.view());
  EXPECT_EQ(bytes_of(y), data.expected);
  for (const double stage : {seconds.staging_in, seconds.compute, seconds.staging_out}) EXPECT_GT(stage, 0);
}

/// The calling thread's device before and after a whole engine of another one, failures included.
void expect_device_kept(const Case& data, int current) {
  ASSERT_EQ(cudaSetDevice(current), cudaSuccess);
  const auto expect_current = [&](const char* when) {
    int found = -1;
    EXPECT_EQ(cudaGetDevice(&found), cudaSuccess);
    EXPECT_EQ(found, current) << when;
  };
  {
    std::optional<Engine> engine(std::in_place, data.model, on("cuda:1"));
    expect_current("after its construction");
    Matrix y(DType::f32, kRows, 9);
    engine->run(data.x.view(), y.view());
    expect_current("after a run");
    engine->update(0, data.model.layer(0).weight, data.model.layer(0).bias);
    expect_current("after an update");
  }
  expect_current("after its destruction");
  stand_in::fail_allocation(1);
  EXPECT_THROW(Engine(data.model, on("cuda:1")), DeviceOutOfMemory);
  expect_current("after a failure");
}

TEST(CudaStandIn, TheCurrentDeviceStaysThroughEngines) {
  const Case data;
  for (const int current : {0, 1, 2}) std::thread([&] { expect_device_kept(data, current); }).join();
}

/// Of one device: x and y there, enqueued behind a stream, captured, replayed over new weights.
TEST(CudaStandIn, ACapturedRunSeesNewWeights) {
  const Case data;
  const Model other = random_model({{37, 20, 9}, "relu,softmax"}, 50);
  const auto gpu = cuda::accelerator_of(0);
  Engine engine(data.model, on("cuda:0"));
  Session session = engine.session();
  const staging::OwnedQueue queue(*gpu);
  Matrix y(DType::f32, kRows, 9);
  const auto x_there = staging::make_room(*gpu, data.x.view(), "x", staging::Layout::compact);
  const auto y_there = staging::make_room(*gpu, y.view(), "y", staging::Layout::compact);
  staging::copy_in(*gpu, queue.get(), data.x.view(), x_there.view);
  session.enqueue(x_there.view, y_there.view, queue.get());
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t replay = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(queue.get(), cudaStreamCaptureModeGlobal), cudaSuccess);
  session.enqueue(x_there.view, y_there.view, queue.get());
  ASSERT_EQ(cudaStreamEndCapture(queue.get(), &graph), cudaSuccess);
  ASSERT_EQ(cudaGraphInstantiate(&replay, graph, 0), cudaSuccess);
  for (const std::size_t layer : {0, 1})
    engine.update(layer, other.layer(layer).weight, other.layer(layer).bias);
  ASSERT_EQ(cudaGraphLaunch(replay, queue.get()), cudaSuccess);
  staging::copy_out(*gpu, queue.get(), y_there.view, y.view());
  gpu->synchronize(queue.get());
  EXPECT_EQ(bytes_of(y), bytes_of(reference_output(data.x.view(), other, DType::f32)));
  EXPECT_EQ(cudaGraphExecDestroy(replay), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
}

/// An update belongs to no graph: its event would be the capture's, and every later run would wait for it in
/// vain.
TEST(CudaStandIn, AnUpdateIsRefusedWithinACapture) {
  const Case data;
  const auto gpu = cuda::accelerator_of(0);
  Engine engine(data.model, on("cuda:0"));
  const staging::OwnedQueue queue(*gpu);
  const Layer& first = data.model.layer(0);
  const auto weight = staging::make_room(*gpu, first.weight, "weight", staging::Layout::compact);
  const auto bias = staging::make_room(*gpu, first.bias, "bias", staging::Layout::compact);
  staging::copy_in(*gpu, queue.get(), first.weight, weight.view);
  staging::copy_in(*gpu, queue.get(), first.bias, bias.view);
  ASSERT_EQ(cudaStreamBeginCapture(queue.get(), cudaStreamCaptureModeGlobal), cudaSuccess);
  expect_error<InvalidArgument>([&] { engine.update(0, weight.view, bias.view, queue.get()); },
                                {"update", "captured", "outside the capture"});
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(queue.get(), &graph), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  Matrix y(DType::f32, kRows, 9);
  engine.run(data.x.view(), y.view());
  EXPECT_EQ(bytes_of(y), data.expected);
}

/// A stream of somebody's that is captured in the strictest mode as long as this lives.
class Capture {
 public:
  Capture() { EXPECT_EQ(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeGlobal), cudaSuccess); }
  ~Capture() {
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(stream_.get(), &graph), cudaSuccess);
    EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  }
  Stream stream() const { return stream_.get(); }

 private:
  staging::OwnedQueue stream_{*cuda::accelerator_of(0)};
};

/// Engines come, run and go beside it, the first of another device too.
TEST(CudaStandIn, AnEngineLivesBesideSomebodysCapture) {
  const Case data;
  const Capture others;
  std::thread([&] {
    for (const char* device : {"cuda:0", "cuda:1"}) {
      Engine engine(data.model, on(device));
      Matrix y(DType::f32, kRows, 9);
      engine.run(data.x.view(), y.view());
      EXPECT_EQ(bytes_of(y), data.expected) << device;
    }
  }).join();
}

/// The layer of a linear whose operands lie on cuda:0.
struct OneLayer {
  Model model = random_model({{37, 9}, "relu"}, 1);
  Layer layer = model.layer(0);
  Matrix x = random_matrix(Matrix(DType::f32, kRows, 37), 2), y{DType::f32, kRows, 9};
  std::vector<std::byte> expected = bytes_of(reference_output(std::as_const(x).view(), model, DType::f32));
  staging::PlacedMatrix x_there = placed(x.view()), y_there = placed(std::as_const(y).view()),
                        weight = placed(layer.weight), bias = placed(layer.bias);

  static staging::PlacedMatrix placed(const ConstMatrixView& view) {
    const auto gpu = cuda::accelerator_of(0);
    staging::PlacedMatrix there = staging::make_room(*gpu, view, "operand", staging::Layout::compact);
    const staging::OwnedQueue queue(*gpu);
    staging::copy_in(*gpu, queue.get(), view, there.view);
    gpu->synchronize(queue.get());
    return there;
  }
  std::vector<std::byte> output() {
    const auto gpu = cuda::accelerator_of(0);
    const staging::OwnedQueue queue(*gpu);
    staging::copy_out(*gpu, queue.get(), y_there.view, y.view());
    gpu->synchronize(queue.get());
    return bytes_of(y);
  }
};

/// Loads its kernels beside the capture.
TEST(CudaStandIn, LinearRunsBesideSomebodysCapture) {
  OneLayer data;
  const staging::OwnedQueue mine(*cuda::accelerator_of(0));
  const Capture others;
  std::thread([&] {
    linear(data.x_there.view, {data.weight.view, data.bias.view, data.layer.activation}, data.y_there.view,
           on("cuda:0"), mine.get());
    EXPECT_EQ(data.output(), data.expected);
  }).join();
}

TEST(CudaStandIn, LinearWithHostWeightsWaitsForItsStream) {
  OneLayer data;
  {
    const Capture mine;  // Its work is not done before a graph is launched.
    expect_error<InvalidArgument>(
        [&] { linear(data.x_there.view, data.layer, data.y_there.view, on("cuda:0"), mine.stream()); },
        {"linear", "captured", "host memory"});
  }
  const staging::OwnedQueue mine(*cuda::accelerator_of(0));
  linear(data.x_there.view, data.layer, data.y_there.view, on("cuda:0"), mine.get());
  EXPECT_EQ(data.output(), data.expected);
}

}  // namespace
}  // namespace perceptron::test
