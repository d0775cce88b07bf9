#include "perceptron/version.hpp"

namespace perceptron {

std::string_view version() noexcept { return PERCEPTRON_VERSION; }

std::string_view build_description() noexcept {
#if defined(__clang__)
  return "perceptron " PERCEPTRON_VERSION " (" PERCEPTRON_BUILD_TYPE ", clang " __clang_version__ ")";
#else
  return "perceptron " PERCEPTRON_VERSION " (" PERCEPTRON_BUILD_TYPE ", gcc " __VERSION__ ")";
#endif
}

}  // namespace perceptron
