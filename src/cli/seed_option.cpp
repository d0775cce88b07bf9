#include "src/cli/seed_option.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

namespace perceptron::cli {
namespace {

/// The parser would wrap what is negative or too large.
std::string refusal(const std::string& word) {
  std::uint64_t seed = 0;
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, seed);
  if (error == std::errc() && stop == end) return "";
  return fmt::format("\"{}\" is no whole number from 0 to 2^64 - 1", word);
}

}  // namespace

void add_seed(CLI::App* verb, std::uint64_t& seed, const std::string& help) {
  verb->add_option("--seed", seed, help)->check(CLI::Validator(refusal, ""));
}

}  // namespace perceptron::cli
