// The program behind `./dev exhaustive`: every f32, and ten million f64 per activation, against the true
// value, and every lane against scalar code bit for bit. Prints the table committed as
// kernels/epilogue/accuracy.md; exit code 1 where an error exceeds the declared bound or bits differ.
#include <algorithm>
#include <atomic>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kernels/epilogue/activation.hpp"
#include "tests/reference/activation_lanes.hpp"
#include "tests/reference/activation_truth.hpp"

namespace perceptron::reference {
namespace {

constexpr std::uint64_t kAllFloats = std::uint64_t{1} << 32;
constexpr std::uint64_t kDoubles = 10'000'000;
constexpr std::uint64_t kChunk = std::uint64_t{1} << 14;
static_assert(kChunk % kLaneGranule == 0);

struct Arguments {
  bool f32 = true;
  bool f64 = true;
  std::uint64_t stride = 1;
};

struct Finding {
  double ulps = 0;
  double worst = 0;
  bool lanes_agree = true;

  void see(double error, double z) {
    if (!(error <= ulps)) *this = {error, z, lanes_agree};
  }
  void merge(const Finding& other) {
    see(other.ulps, other.worst);
    lanes_agree = lanes_agree && other.lanes_agree;
  }
};

template <class T>
bool same(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0 || (std::isnan(a) && std::isnan(b));
}

/// What differs between the sweeps of the two types.
struct FloatSweep {
  using Real = float;
  static constexpr std::uint64_t kPoints = kAllFloats;
  static constexpr auto kEvaluate = &ActivationLane::f32;

  static float point(std::uint64_t index) { return std::bit_cast<float>(static_cast<std::uint32_t>(index)); }
  double error(const Activation& activation, float z, float y) const {
    if (std::isinf(z)) return 0;  // activation_test has these limits from the contract's table
    return f32_error_ulps(y, std::isnan(z) ? z : f32_truth(activation, z));
  }
};

struct DoubleSweep {
  using Real = double;
  static constexpr std::uint64_t kPoints = kDoubles;
  static constexpr auto kEvaluate = &ActivationLane::f64;

  static double point(std::uint64_t index) { return f64_sample(index); }
  double error(const Activation& activation, double z, double y) {
    return truth.f64_error_ulps(activation, z, y);
  }

  TrueValue truth;
};

template <class Sweep>
class Run {
 public:
  using Real = typename Sweep::Real;

  Run(const Activation& activation, const std::vector<ActivationLane>& lanes, std::uint64_t stride)
      : activation_(activation),
        lanes_(lanes),
        stride_(stride),
        points_((Sweep::kPoints + stride - 1) / stride) {}

  Finding finish() {
    std::thread second([this] { work(); });
    work();
    second.join();
    return total_;
  }

 private:
  void work() {
    Sweep sweep;
    Finding found;
    std::vector<Real> z(kChunk), expected(kChunk), y(kChunk);
    for (std::uint64_t start = next_.fetch_add(kChunk); start < points_; start = next_.fetch_add(kChunk)) {
      for (std::uint64_t i = 0; i < kChunk; ++i)
        z[i] = Sweep::point(std::min(start + i, points_ - 1) * stride_);
      (lanes_[0].*Sweep::kEvaluate)(activation_, z, expected);
      for (std::size_t lane = 1; lane < lanes_.size(); ++lane) {
        (lanes_[lane].*Sweep::kEvaluate)(activation_, z, y);
        const bool equal = std::equal(y.begin(), y.end(), expected.begin(), same<Real>);
        found.lanes_agree = found.lanes_agree && equal;
      }
      for (std::uint64_t i = 0; i < kChunk; ++i) found.see(sweep.error(activation_, z[i], expected[i]), z[i]);
    }
    const std::lock_guard lock(mutex_);
    total_.merge(found);
  }

  const Activation activation_;
  const std::vector<ActivationLane>& lanes_;
  const std::uint64_t stride_;
  const std::uint64_t points_;
  std::atomic<std::uint64_t> next_{0};
  std::mutex mutex_;
  Finding total_;
};

/// Runs one activation and prints its row; true where it keeps its promises.
template <class Sweep>
bool report(const Activation& activation, const std::vector<ActivationLane>& lanes, std::uint64_t stride) {
  constexpr bool kIsF64 = sizeof(typename Sweep::Real) == 8;
  const char* dtype = kIsF64 ? "f64" : "f32";
  std::fprintf(stderr, "%s %s\n", to_string(activation).c_str(), dtype);
  const Finding found = Run<Sweep>(activation, lanes, stride).finish();
  const double bound = epilogue::activation_error_ulps(activation.kind, kIsF64);
  const std::string parameter =
      traits(activation.kind).has_parameter ? std::to_string(activation.parameter) : "";
  std::printf("| %s | %s | %s | %.4f | %.4g | %a | %s |\n", to_string(activation.kind).data(),
              parameter.c_str(), dtype, found.ulps, bound, found.worst, found.lanes_agree ? "yes" : "NO");
  std::fflush(stdout);
  return found.ulps <= bound && found.lanes_agree;
}

bool sweep_all(const Arguments& arguments) {
  const auto lanes = activation_lanes();
  if (lanes.empty()) {
    std::fprintf(stderr, "this machine has no SIMD target with fused multiply-add\n");
    return false;
  }
  std::string names;
  for (const auto& lane : lanes) names += (names.empty() ? "" : " = ") + lane.name;
  std::printf("| activation | a | dtype | max ulp | declared | worst input | bits: %s |\n", names.c_str());
  std::printf("|---|---|---|---|---|---|---|\n");
  bool good = true;
  for (const auto& activation : activations_under_test()) {
    if (arguments.f32) good = report<FloatSweep>(activation, lanes, arguments.stride) && good;
    if (arguments.f64) good = report<DoubleSweep>(activation, lanes, arguments.stride) && good;
  }
  return good;
}

bool parse(int count, char** words, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--f32-only") {
      arguments.f64 = false;
    } else if (word == "--f64-only") {
      arguments.f32 = false;
    } else if (word == "--stride" && i + 1 < count) {
      const std::string_view digits = words[++i];
      const auto [end, status] = std::from_chars(digits.begin(), digits.end(), arguments.stride);
      if (status != std::errc{} || end != digits.end() || arguments.stride == 0) return false;
    } else {
      return false;
    }
  }
  return arguments.f32 || arguments.f64;
}

}  // namespace
}  // namespace perceptron::reference

int main(int count, char** words) {
  perceptron::reference::Arguments arguments;
  if (!perceptron::reference::parse(count, words, arguments)) {
    std::fprintf(stderr, "usage: activation_exhaustive [--f32-only | --f64-only] [--stride N]\n");
    return 2;
  }
  return perceptron::reference::sweep_all(arguments) ? 0 : 1;
}
