// Perceptrons inside a CUDA program: one's own kernels before and after, one's own stream, all of it captured
// in a graph that is replayed on other inputs and with other weights. Compares every replay with the CPU, bit
// for bit.
#include <cuda_runtime.h>
#include <perceptron/perceptron.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

namespace {

constexpr int kRows = 1000, kInputs = 64, kOutputs = 10;

void check(cudaError_t result) {
  if (result == cudaSuccess) return;
  std::fprintf(stderr, "CUDA: %s\n", cudaGetErrorString(result));
  std::exit(3);
}

/// Grey levels to numbers from 0 to 1.
__global__ void normalise(const std::uint8_t* pixels, float* x, int count) {
  const int index = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (index < count) x[index] = static_cast<float>(pixels[index]) / 255.0f;
}

/// The output that is largest in each row.
__global__ void choose(const float* y, int* classes) {
  const int row = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (row >= kRows) return;
  int best = 0;
  for (int output = 1; output < kOutputs; ++output) {
    if (y[row * kOutputs + output] > y[row * kOutputs + best]) best = output;
  }
  classes[row] = best;
}

std::vector<float> random_weights(std::mt19937& random) {
  std::normal_distribution<float> normal(0, 0.2f);
  std::vector<float> weights(kOutputs * kInputs);
  for (float& weight : weights) weight = normal(random);
  return weights;
}

template <class T>
T* on_device(std::size_t count) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, count * sizeof(T)));
  return static_cast<T*>(memory);
}

/// The same layer on the CPU.
std::vector<float> expected(const std::vector<std::uint8_t>& pixels, const std::vector<float>& weights) {
  std::vector<float> x(pixels.begin(), pixels.end()), y(kRows * kOutputs);
  for (float& value : x) value /= 255.0f;
  const perceptron::Layer layer{{weights.data(), kOutputs, kInputs}, {}, perceptron::ActivationKind::sigmoid};
  perceptron::Options options;
  options.device = "cpu";
  perceptron::linear({x.data(), kRows, kInputs}, layer, {y.data(), kRows, kOutputs}, options);
  return y;
}

}  // namespace

int main() {
  if (const std::string reason = perceptron::gpu_absence(); !reason.empty()) {
    std::printf("no GPU: %s\n", reason.c_str());
    return 77;
  }
  std::mt19937 random(1);
  std::vector<float> weights = random_weights(random);
  const perceptron::Layer layer{{weights.data(), kOutputs, kInputs}, {}, perceptron::ActivationKind::sigmoid};
  perceptron::Options options;
  options.device = "cuda:0";
  perceptron::Engine engine(perceptron::Model({layer}), options);
  perceptron::Session session = engine.session();

  auto* const pixels = on_device<std::uint8_t>(kRows * kInputs);
  auto* const x = on_device<float>(kRows * kInputs);
  auto* const y = on_device<float>(kRows * kOutputs);
  auto* const classes = on_device<int>(kRows);
  const perceptron::ConstMatrixView x_view(x, kRows, kInputs);
  const perceptron::MatrixView y_view(y, kRows, kOutputs);

  cudaStream_t stream = nullptr;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t replay = nullptr;
  check(cudaStreamCreate(&stream));
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  normalise<<<(kRows * kInputs + 255) / 256, 256, 0, stream>>>(pixels, x, kRows * kInputs);
  session.enqueue(x_view.on_device(), y_view.on_device(), stream);
  choose<<<(kRows + 255) / 256, 256, 0, stream>>>(y, classes);
  check(cudaStreamEndCapture(stream, &graph));
  check(cudaGraphInstantiate(&replay, graph, 0));

  int differences = 0;
  for (int round = 0; round < 3; ++round) {
    std::vector<std::uint8_t> image(kRows * kInputs);
    for (std::uint8_t& pixel : image) pixel = static_cast<std::uint8_t>(random());
    if (round == 2) {  // The graph reads the engine's weights where they lie, so it sees the new ones.
      weights = random_weights(random);
      engine.update(0, {weights.data(), kOutputs, kInputs}, {}, stream);
    }
    check(cudaMemcpyAsync(pixels, image.data(), image.size(), cudaMemcpyHostToDevice, stream));
    check(cudaGraphLaunch(replay, stream));
    std::vector<float> found(kRows * kOutputs);
    check(cudaMemcpyAsync(found.data(), y, found.size() * sizeof(float), cudaMemcpyDeviceToHost, stream));
    check(cudaStreamSynchronize(stream));
    const std::vector<float> wanted = expected(image, weights);
    differences += std::memcmp(found.data(), wanted.data(), wanted.size() * sizeof(float)) != 0;
  }
  std::printf("3 replays of a captured graph, %d differ from the CPU\n", differences);
  check(cudaGraphExecDestroy(replay));
  check(cudaGraphDestroy(graph));
  check(cudaStreamDestroy(stream));
  for (void* memory : {static_cast<void*>(pixels), static_cast<void*>(x), static_cast<void*>(y),
                       static_cast<void*>(classes)}) {
    check(cudaFree(memory));
  }
  return differences == 0 ? 0 : 1;
}
