// A whole model, end to end: host rows in, host rows out, as a caller of Session::run sees it.
#include <random>
#include <span>

#include "bench/measure.hpp"
#include "bench/stages.hpp"
#include "perceptron/engine.hpp"

namespace perceptron::bench {
namespace {

/// The operands of the calls; y has the model's dtype.
class ModelOperands {
 public:
  ModelOperands(const Model& model, std::int64_t rows, std::uint64_t seed)
      : first_(model.dtype(), rows, model.inputs(), model.groups()),
        y_(model.dtype(), rows, model.outputs(), model.groups()) {
    std::mt19937_64 generator(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    visit_dtype(model.dtype(), [&]<class T>(T) {
      for (T& value : std::span(static_cast<T*>(first_.data()), first_.size_bytes() / sizeof(T))) {
        value = static_cast<T>(uniform(generator));
      }
    });
  }

  Traffic traffic() const {
    return {static_cast<double>(first_.size_bytes()), static_cast<double>(y_.size_bytes())};
  }
  void make_sets(std::int64_t count) {
    for (std::int64_t set = 0; set < count; ++set) {
      x_.push_back(copy(first_));
      results_.push_back(copy(y_));
    }
  }
  StageTimes stages(Session& session, const MeasureOptions& options) {
    return median_stages(session, x_.front(), results_.front(), options.seconds, options.poll);
  }
  Lane lane(Session& session) {
    return {"model", [this, &session, set = std::size_t{0}]() mutable {
              session.run(x_[set], results_[set]);
              if (++set == x_.size()) set = 0;
            }};
  }

 private:
  Matrix first_, y_;
  std::vector<Matrix> x_, results_;
};

/// Single calls, at least 20, at most 10,000.
Latency latency_of(std::int64_t rows, const Lane& lane, const MeasureOptions& options) {
  constexpr std::size_t kFewest = 20, kMost = 10000;
  std::vector<double> nanoseconds;
  const double start = seconds_now(Clock::wall);
  while (nanoseconds.size() < kFewest ||
         (nanoseconds.size() < kMost && seconds_now(Clock::wall) - start < options.seconds)) {
    if (options.poll) options.poll();
    nanoseconds.push_back(1e9 * seconds_of(Clock::wall, 1, lane.call));
  }
  return {rows, percentile(nanoseconds, 0.5), percentile(nanoseconds, 0.9), percentile(nanoseconds, 0.99)};
}

Result described(const Model& model, const Engine& engine, std::int64_t rows) {
  Result result;
  result.rows = rows;
  result.work.dtype = model.dtype();
  result.work.weight_bytes =
      static_cast<double>(model.parameter_count()) * static_cast<double>(size_of(model.dtype()));
  const Plan plan = engine.plan(rows);
  for (std::size_t index = 0; index < model.layer_count(); ++index) {
    result.work.flops += flops(problem_of(model.layer(index), rows));
    const std::string& kernel = plan.layers[index].kernel;
    if (result.kernel.find(kernel) == std::string::npos) result.kernel += (index == 0 ? "" : ", ") + kernel;
  }
  return result;
}

void time(Result& result, ModelOperands& operands, Session& session, const MeasureOptions& options) {
  operands.make_sets(result.placement.sets);
  const Lane lane = operands.lane(session);
  Schedule schedule =
      schedule_of(options.threads, {options.seconds, Clock::wall, options.repetitions, options.poll});
  schedule.settle_seconds = 0;
  result.keep_quiet(interleave({lane}, schedule).front());
  result.latency = latency_of(result.rows, lane, options);
  result.stages = operands.stages(session, options);
}

}  // namespace

/// Between layers the rows stay near: only x, weights and y must move.
Result measure_model(const Model& model, std::int64_t rows, const MeasureOptions& options,
                     const Peaks* peaks) {
  Options engine_options;
  engine_options.device = options.device;
  engine_options.threads = options.threads;
  Engine engine(model, engine_options);
  Session session = engine.session();
  ModelOperands operands(model, rows, options.seed);
  Result result = described(model, engine, rows);
  result.device = options.device;
  result.threads = options.threads;
  result.work.traffic = operands.traffic();
  result.placement = placement_of(result.work, options.is_resident);
  result.set_limit(peaks);
  time(result, operands, session, options);
  return result;
}

}  // namespace perceptron::bench
