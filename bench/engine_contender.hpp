// The product itself as a contender: an Engine made beforehand, Session::run timed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/peers/contender.hpp"
#include "perceptron/engine.hpp"

namespace perceptron::bench {

inline constexpr std::string_view kOurName = "perceptron";

class EngineContender : public Contender {
 public:
  /// Throws as Engine does.
  explicit EngineContender(const Task& task, const std::string& device = "cpu");

  std::string name() const override { return std::string(kOurName); }
  std::string way() const override;
  void run(std::size_t set) override { session_.run(calls_[set].x, calls_[set].y); }
  /// Of the first set; median_stages().
  StageTimes stages(double seconds, const std::function<void()>& poll);

 private:
  struct Call {
    ConstMatrixView x;
    MatrixView y;
  };
  Engine engine_;
  Session session_;
  std::vector<Call> calls_;
};

}  // namespace perceptron::bench
