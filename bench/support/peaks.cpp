#include "bench/support/peaks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <barrier>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <thread>

#include "bench/support/clock.hpp"
#include "bench/support/peak_loops.hpp"
#include "perceptron/matrix.hpp"

namespace perceptron::bench {
namespace {

constexpr double kRunSeconds = 0.005;
constexpr int kRuns = 10;
/// Moved between two looks at the clock, which cost as much as a kilobyte of the first cache.
constexpr std::size_t kLeastMovedBytes = std::size_t{4} << 20;
constexpr std::size_t kGranule = 1024;
constexpr std::size_t kMostBufferBytes = std::size_t{64} << 20;
constexpr double kMebibyte = 1 << 20;

struct Cache {
  int level = 0;
  double bytes = 0;
  bool is_private = true;  ///< One per core.
};

std::string word_of(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

/// "32K".
double size_in_bytes(const std::string& text) {
  if (text.empty()) return 0;
  const double unit = text.back() == 'K' ? 1024 : text.back() == 'M' ? kMebibyte : 1;
  return unit * std::strtod(text.c_str(), nullptr);
}

/// Of the first core, those that hold data.
std::vector<Cache> caches() {
  std::vector<Cache> found;
  for (int index = 0;; ++index) {
    const std::string folder = fmt::format("/sys/devices/system/cpu/cpu0/cache/index{}/", index);
    const std::string type = word_of(folder + "type");
    if (type.empty()) break;
    if (type == "Instruction") continue;
    const int level = std::atoi(word_of(folder + "level").c_str());
    found.push_back({level, size_in_bytes(word_of(folder + "size")), level < 3});
  }
  if (found.empty()) found = {{1, 32 * 1024, true}, {2, kMebibyte, true}, {3, 32 * kMebibyte, false}};
  return found;
}

/// Units of work per ns of all threads together while each repeats `work`, which returns units. Registers are
/// a thread's own: by the processor clock what else runs does not lower their rate.
double rate_of(int threads, Clock clock, const std::function<double(int)>& work) {
  std::vector<double> rates(static_cast<std::size_t>(threads));
  std::barrier start(threads);
  const auto run = [&](int thread) {
    work(thread);
    start.arrive_and_wait();
    const double begin = seconds_now(clock);
    double units = 0, seconds = 0;
    while (seconds < kRunSeconds) {
      units += work(thread);
      seconds = seconds_now(clock) - begin;
    }
    rates[static_cast<std::size_t>(thread)] = units / seconds * 1e-9;
  };
  std::vector<std::jthread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(run, thread);
  run(0);
  others.clear();
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum;
}

double best_rate(int threads, Clock clock, const std::function<double(int)>& work) {
  double best = 0;
  for (int run = 0; run < kRuns; ++run) best = std::max(best, rate_of(threads, clock, work));
  return best;
}

PeakLoops loops_of(int lanes_f32) {
#if defined(__x86_64__)
  if (lanes_f32 >= 16 && __builtin_cpu_supports("avx512f")) return avx512::peak_loops();
  if (lanes_f32 >= 8 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return avx2::peak_loops();
  }
#endif
  static_cast<void>(lanes_f32);
  return baseline::peak_loops();
}

/// Two arrays per thread; both together hold half of what the level has for a thread, or twice the last
/// level.
class LevelMeter {
 public:
  LevelMeter(int threads, double bytes_per_thread)
      : threads_(threads),
        bytes_(std::clamp(static_cast<std::size_t>(bytes_per_thread) / kGranule * kGranule, kGranule,
                          kMostBufferBytes)) {
    for (int buffer = 0; buffer < 2 * threads; ++buffer) {
      buffers_.emplace_back(DType::f32, 1, static_cast<std::int64_t>(bytes_ / sizeof(float)));
      std::memset(buffers_.back().data(), buffer, bytes_);
    }
  }

  double copied() {
    return best_rate(threads_, Clock::wall, [this](int thread) {
      for (std::size_t turn = 0; turn < turns(); ++turn) {
        std::memcpy(at(2 * thread), at(2 * thread + 1), bytes_);
      }
      return moved();
    });
  }
  double read(const PeakLoops& loops) {
    return best_rate(threads_, Clock::wall, [&](int thread) {
      std::size_t sum = 0;
      for (std::size_t turn = 0; turn < turns(); ++turn) {
        sum ^= loops.read(at(2 * thread), bytes_) ^ loops.read(at(2 * thread + 1), bytes_);
      }
      const volatile std::size_t needed = sum;
      static_cast<void>(needed);
      return moved();
    });
  }

 private:
  std::size_t turns() const { return std::max<std::size_t>(1, kLeastMovedBytes / (2 * bytes_)); }
  double moved() const { return 2 * static_cast<double>(bytes_) * static_cast<double>(turns()); }
  void* at(int buffer) { return buffers_[static_cast<std::size_t>(buffer)].data(); }

  int threads_;
  std::size_t bytes_;
  std::vector<Matrix> buffers_;
};

Level measured(std::string name, double capacity, LevelMeter meter, const PeakLoops& loops) {
  const double copied = meter.copied();
  return {std::move(name), capacity, std::max(meter.read(loops), copied), copied};
}

}  // namespace

double last_level_cache_bytes() { return caches().back().bytes; }

Peaks measure_peaks(int threads, int lanes_f32) {
  constexpr std::size_t kTurns = 4096;
  const PeakLoops loops = loops_of(lanes_f32);
  Peaks peaks{threads, loops.lanes_f32, 0, 0, {}};
  peaks.flops_f32_per_ns =
      2 * best_rate(threads, Clock::processor, [&](int) { return loops.multiply_add_f32(kTurns); });
  peaks.flops_f64_per_ns =
      2 * best_rate(threads, Clock::processor, [&](int) { return loops.multiply_add_f64(kTurns); });
  for (const Cache& cache : caches()) {
    const double capacity = cache.bytes * (cache.is_private ? threads : 1);
    peaks.levels.push_back(
        measured(fmt::format("L{}", cache.level), capacity, {threads, capacity / threads / 4}, loops));
  }
  peaks.levels.push_back(measured("memory", std::numeric_limits<double>::infinity(),
                                  {threads, 2 * last_level_cache_bytes() / threads}, loops));
  return peaks;
}

}  // namespace perceptron::bench
