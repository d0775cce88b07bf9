// See refusal.hpp.
#include "src/files/refusal.hpp"

#include <fmt/format.h>

#include <string>

#include "perceptron/error.hpp"

namespace perceptron::files {

namespace {

constexpr std::size_t kLongestProblem = 600;

/// The longest beginning that ends between two UTF-8 characters.
std::string_view shortened(std::string_view text) {
  if (text.size() <= kLongestProblem) return text;
  std::size_t size = kLongestProblem;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size);
}

/// Control characters as \xNN: what a file holds must not steer a terminal, nor end the message.
std::string printable(std::string_view text) {
  std::string shown;
  for (const char character : text) {
    const auto code = static_cast<unsigned char>(character);
    if (code < 0x20 || code == 0x7F)
      shown += fmt::format("\\x{:02x}", code);
    else
      shown += character;
  }
  return shown;
}

}  // namespace

void refuse_content(std::string_view name, std::string_view problem) {
  const std::string_view shown = shortened(problem);
  throw FormatError(
      fmt::format("{}: {}{}", name, printable(shown), shown.size() < problem.size() ? "…" : ""));
}

}  // namespace perceptron::files
