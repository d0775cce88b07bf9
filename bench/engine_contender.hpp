// The product itself as a contender: an Engine made beforehand, Session::run timed.
#pragma once

#include "bench/peers/contender.hpp"

namespace perceptron::bench {

inline constexpr std::string_view kOurName = "perceptron";

/// Throws as Engine does.
std::unique_ptr<Contender> engine_contender(const Task& task, const std::string& device = "cpu");

}  // namespace perceptron::bench
