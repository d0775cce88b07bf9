// What stands for the kernels of the benchmark on a GPU. A stream's work is done where it is submitted, so
// nothing is held, and a loop of multiply-adds is a short sleep.
#include "bench/gpu/kernels.hpp"

#include <chrono>
#include <cmath>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

#include "perceptron/dtype.hpp"
#include "src/cuda/check.hpp"
#include "tests/stand_in/runtime.hpp"

namespace perceptron::bench::gpu {
namespace {

using stand_in::Runtime;

constexpr std::chrono::microseconds kMultiplyAdds{200};
constexpr double kClocksPerNanosecond = 1.98;

void launch(Stream stream, const stand_in::Work& work) {
  const auto submitted = [&](Runtime& state) { return submit(state, stream, work); };
  cuda::check(stand_in::call(submitted), "launching a kernel of the stand-in");
}

std::vector<double> on_host(const ConstMatrixView& view) {
  const auto count = static_cast<std::size_t>(view.groups * view.rows * view.columns);
  std::vector<std::byte> bytes(count * size_of(view.dtype));
  cuda::check(cudaMemcpy(bytes.data(), view.data, bytes.size(), cudaMemcpyDefault), "copying to the host");
  return visit_dtype(view.dtype, [&]<class T>(T) {
    std::vector<double> values;
    for (const T value : std::span(reinterpret_cast<const T*>(bytes.data()), count)) {
      values.push_back(static_cast<double>(value));
    }
    return values;
  });
}

}  // namespace

void hold(Stream stream, HoldWord*, std::uint32_t, std::uint64_t) {
  launch(stream, [] {});
}

void launch_nothing(Stream stream) {
  launch(stream, [] {});
}

void stamp(Stream stream, Stamp* stamps, int multiprocessors) {
  launch(stream, [=] {
    const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    const Stamp taken{static_cast<std::uint64_t>(kClocksPerNanosecond * static_cast<double>(now)), now};
    const std::vector<Stamp> all(static_cast<std::size_t>(multiprocessors), taken);
    stand_in::runtime().memory.write(reinterpret_cast<std::uintptr_t>(stamps), std::as_bytes(std::span(all)));
  });
}

void read_all(Stream stream, const void* data, std::size_t bytes, int) {
  launch(stream, [=] {
    std::vector<std::byte> sink(bytes);
    stand_in::runtime().memory.read(reinterpret_cast<std::uintptr_t>(data), sink);
  });
}

void multiply_add(Stream stream, DType, int) {
  launch(stream, [] { std::this_thread::sleep_for(kMultiplyAdds); });
}
double multiply_add_flops(int) { return 1e6; }

void widen(Stream, const ConstMatrixView& from, const MatrixView& to) {
  const std::vector<double> values = on_host(from);
  visit_dtype(to.dtype, [&]<class T>(T) {
    std::vector<T> widened;
    for (const double value : values) widened.push_back(static_cast<T>(value));
    cuda::check(cudaMemcpy(to.data, widened.data(), widened.size() * sizeof(T), cudaMemcpyDefault),
                "copying to the device");
  });
}

/// Of peers, and none runs without a driver.
bool can_finish(DType, DType, ActivationKind) { return false; }
void finish(Stream, const MatrixView&, const void*, const Activation&) {
  throw std::logic_error("the stand-in has no pass for peers");
}

std::int64_t count_far(Stream, const ConstMatrixView& found, const ConstMatrixView& expected,
                       const Tolerance& tolerance) {
  const std::vector<double> is = on_host(found), should = on_host(expected);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < is.size(); ++i) {
    count += !(std::abs(is[i] - should[i]) <= tolerance.absolute + tolerance.relative * std::abs(should[i]));
  }
  return count;
}

}  // namespace perceptron::bench::gpu
