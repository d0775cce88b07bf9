#include "bench/stages.hpp"

#include <vector>

#include "bench/support/clock.hpp"
#include "bench/support/statistics.hpp"

namespace perceptron::bench {

StageTimes median_stages(Session& session, const ConstMatrixView& x, const MatrixView& y, double seconds,
                         const std::function<void()>& poll) {
  constexpr std::size_t kFewest = 5, kMost = 10000;
  std::vector<double> in, compute, out;
  const double start = seconds_now(Clock::wall);
  while (in.size() < kFewest || (in.size() < kMost && seconds_now(Clock::wall) - start < seconds)) {
    if (poll) poll();
    const StageTimes stages = session.run_by_stages(x, y);
    in.push_back(stages.staging_in);
    compute.push_back(stages.compute);
    out.push_back(stages.staging_out);
  }
  return {percentile(in, 0.5), percentile(compute, 0.5), percentile(out, 0.5)};
}

}  // namespace perceptron::bench
