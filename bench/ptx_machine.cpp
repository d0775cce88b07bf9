// ptx_machine_bench: how fast the PTX machine executes tile_fma, watched and unwatched, in warp instructions
// per second of the processor. The bar: 30 million watched ones per second and core.
#include <benchmark/benchmark.h>

#include <stdexcept>
#include <vector>

#include "kernels/families.hpp"
#include "kernels/images.hpp"
#include "perceptron/activation.hpp"
#include "src/ptx/machine.hpp"

namespace perceptron::bench {
namespace {

const kernels::Candidate& largest_tile() {
  for (const kernels::Candidate& candidate : kernels::candidates()) {
    if (candidate.family == "tile_fma" && candidate.policy == "128x128") return candidate;
  }
  throw std::runtime_error("no tile_fma 128x128 in this build");
}

const ptx::Image& image() {
  static const ptx::Image kImage = [] {
    const kernels::Image* embedded = kernels::find_image("tile_fma");
    if (embedded == nullptr) throw std::runtime_error("this build has no kernels");
    return ptx::Image(embedded->ptx, "tile_fma.ptx");
  }();
  return kImage;
}

/// 128 rows and outputs in one block.
class Operands {
 public:
  explicit Operands(std::int64_t inputs) {
    constexpr std::int64_t kSide = 128;
    kernels::LinearArguments arguments;
    arguments.x = upload(kSide * inputs, "x");
    arguments.weight = upload(inputs * kernels::packed_outputs(kSide), "weight");
    arguments.bias = upload(kernels::packed_outputs(kSide), "bias");
    arguments.y = reinterpret_cast<void*>(memory.allocate(kSide * kSide * sizeof(float), "y"));
    arguments.rows = arguments.outputs = arguments.y_stride = kSide;
    arguments.inputs = arguments.x_stride = inputs;
    arguments.groups = 1;
    arguments.activation = ActivationKind::relu;
    arguments.output_dtype = DType::f32;
    arguments.x_vector_bytes = 16;
    launch = largest_tile().launch(arguments, DType::f32);
  }

  ptx::Memory memory;
  kernels::Launch launch;

 private:
  void* upload(std::int64_t elements, const char* name) {
    std::vector<float> values(static_cast<std::size_t>(elements));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 17) / 16 - 0.5f;
    const ptx::DeviceAddress address = memory.allocate(values.size() * sizeof(float), name);
    memory.write(address, std::as_bytes(std::span(values)));
    memory.protect(address);
    return reinterpret_cast<void*>(address);
  }
};

void run_tile(benchmark::State& state, bool is_watched) {
  Operands operands(state.range(0));
  const ptx::Program& program = image().program(operands.launch.entry);
  ptx::RunOptions options;
  options.is_watched = is_watched;
  double instructions = 0;
  for (auto _ : state) {
    ++options.seed;
    instructions +=
        static_cast<double>(ptx::run(program, operands.launch, operands.memory, options).warp_instructions);
  }
  state.counters["warp instructions/s"] = benchmark::Counter(instructions, benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(run_tile, watched, true)->Arg(512)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_tile, unwatched, false)->Arg(512)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace perceptron::bench

BENCHMARK_MAIN();
