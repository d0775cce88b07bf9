// The version of the headers (constants) and of the library that is linked (functions).
// The build reads the numbers from here; they stand nowhere else.
#pragma once

#include <string_view>

#include "perceptron/export.hpp"

namespace perceptron {

inline constexpr int kVersionMajor = 0;
inline constexpr int kVersionMinor = 1;
inline constexpr int kVersionPatch = 0;

/// "major.minor.patch" of the linked library.
PERCEPTRON_API std::string_view version() noexcept;

/// Compiler, build type and parts of the linked library, one line, for bug reports.
PERCEPTRON_API std::string_view build_description() noexcept;

}  // namespace perceptron
