#include "bench/gpu/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "bench/gpu/ceilings.hpp"
#include "bench/gpu/comparison.hpp"
#include "bench/gpu/enqueue.hpp"
#include "bench/gpu/host_arrays.hpp"
#include "bench/gpu/problems.hpp"
#include "bench/gpu/report.hpp"
#include "bench/support/clock.hpp"
#include "perceptron/error.hpp"

namespace perceptron::bench::gpu {
namespace {

constexpr double kCeilingsShare = 0.08;
constexpr double kEnqueueShare = 0.03;
constexpr double kHostShare = 0.05;  ///< Of each host problem.

class Run {
 public:
  Run(const CommandLine& line, const Gpu& gpu)
      : line_(line),
        until_(now() + line.seconds),
        report_(start(line, gpu)),
        nvml_(report_.gpu.bus_id),
        timer_(report_.gpu) {}

  Report measured() && {
    attempt("ceilings",
            [&] { report_.ceilings = measure_ceilings(timer_, now() + kCeilingsShare * line_.seconds); });
    const Problem small = Problem::parse(kEnqueueProblem);
    attempt("enqueue",
            [&] { report_.enqueue = measure_enqueue(timer_, small, now() + kEnqueueShare * line_.seconds); });
    for (const Problem& problem : line_.host_problems) {
      attempt("host arrays " + to_string(problem), [&] {
        report_.host.push_back(measure_host_arrays(timer_, problem, kHostShare * line_.seconds));
      });
    }
    compare_all();
    return std::move(report_);
  }

 private:
  static double now() { return seconds_now(Clock::wall); }

  static Report start(const CommandLine& line, const Gpu& gpu) {
    Report report;
    report.gpu = gpu;
    report.machine = this_machine();
    report.date = utc_date();
    report.commit = line.commit;
    report.seconds = line.seconds;
    return report;
  }

  static void progress(const std::string& what) { fmt::print(stderr, "perceptron_gpu_bench: {}\n", what); }

  /// The file is kept up with the run, which may be ended from outside.
  template <class Measure>
  void attempt(const std::string& what, const Measure& measure) {
    if (is_lost_ || now() >= until_) {
      return report_.left_out.push_back(what + (is_lost_ ? ": the device is lost" : ": no time was left"));
    }
    progress(what);
    try {
      measure();
    } catch (const DeviceLost& error) {
      is_lost_ = true;
      report_.wrong.push_back(fmt::format("{}: {}", what, error.what()));
    } catch (const DeviceOutOfMemory& error) {
      report_.left_out.push_back(fmt::format("{}: {}", what, error.what()));
    } catch (const std::exception& error) {  // Peers' failures do not come here.
      report_.wrong.push_back(fmt::format("{}: {}", what, error.what()));
    }
    if (!line_.json.empty()) write_json(report_, line_.json);
  }

  /// What one problem leaves of its share the others get.
  void compare_all() {
    const Peers peers = load_peers(folders(), report_.left_out);
    Comparer comparer(timer_, peers, nvml_, report_);
    std::size_t left = line_.problems.size();
    for (const Problem& problem : line_.problems) {
      const double seconds = std::max(0.0, until_ - now()) / static_cast<double>(left--);
      attempt(to_string(problem), [&] { report_.comparisons.push_back(comparer.compare(problem, seconds)); });
    }
  }

  std::vector<std::string> folders() const {
    std::vector<std::string> folders = line_.cublas_folders;
    for (std::string& folder : toolkit_folders()) folders.push_back(std::move(folder));
    return folders;
  }

  const CommandLine& line_;
  double until_;
  bool is_lost_ = false;
  Report report_;
  Nvml nvml_;
  EventTimer timer_;
};

}  // namespace

Report run(const CommandLine& line, const Gpu& gpu) { return Run(line, gpu).measured(); }

}  // namespace perceptron::bench::gpu
