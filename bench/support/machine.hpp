// Where and of what a result was made: the facts that a reader needs to compare it with another.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace perceptron::bench {

struct Machine {
  std::string cpu;
  int cores = 0;                    ///< That the process may use.
  std::vector<std::string> caches;  ///< "L1 data 32K", of the first core.
  std::string kernel;
  std::string compiler;
};

Machine this_machine();

/// "2025-01-31T12:00:00Z".
std::string utc_date();
/// The commit that this program was built from, "-dirty" where tracked files differed from it, "unknown"
/// without git.
std::string source_commit();
/// Load average of the last minute: what else ran.
double load_average();

}  // namespace perceptron::bench
