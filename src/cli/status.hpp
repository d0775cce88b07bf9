// How a check ended.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "perceptron/validate.hpp"

namespace perceptron::cli {

enum class Status : std::uint8_t {
  passed,
  failed,
  skipped,     ///< The device cannot compute it.
  mistrusted,  ///< Passed, but that proves little: see mistrust().
};

inline constexpr std::array<std::string_view, 4> kStatuses{"PASSED", "FAILED", "SKIPPED", "MISTRUSTED"};
constexpr std::string_view to_string(Status status) { return kStatuses[static_cast<std::size_t>(status)]; }

inline Status status_of(const Verdict& verdict) {
  if (!verdict.passed()) return Status::failed;
  return mistrust(verdict).empty() ? Status::passed : Status::mistrusted;
}

}  // namespace perceptron::cli
