// How figures are written: into JSON, and for people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/support/statistics.hpp"

namespace perceptron::bench {

using Json = nlohmann::ordered_json;

/// Four significant digits: timings on a shared machine hold no more.
double rounded(double value);

/// Its median and quartiles as "median_ns", "p25_ns" and "p75_ns".
Json times(const Quartiles& nanoseconds);

/// "12.34 us".
std::string duration(double nanoseconds);

}  // namespace perceptron::bench
