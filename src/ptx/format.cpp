#include "src/ptx/format.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>

namespace perceptron::ptx {
namespace {

using ValueOf = std::function<std::uint64_t(std::size_t)>;

/// %[flags][width][.precision][length]conversion, as it is written.
struct Conversion {
  std::string flags;  ///< With width and precision; '*' has become the number that it stood for.
  std::string_view length;
  char letter = 0;
};

std::string_view take_while(std::string_view& rest, std::string_view characters) {
  const std::size_t count = std::min(rest.find_first_not_of(characters), rest.size());
  const std::string_view taken = rest.substr(0, count);
  rest.remove_prefix(count);
  return taken;
}

/// Behind the '%'.
Conversion take_conversion(std::string_view& rest, const ValueOf& value_of, int& values) {
  Conversion conversion;
  while (!rest.empty()) {
    conversion.flags += take_while(rest, "-+ #0123456789.");
    if (rest.empty() || rest.front() != '*') break;
    rest.remove_prefix(1);
    conversion.flags += std::to_string(static_cast<std::int32_t>(value_of(4)));
    ++values;
  }
  conversion.length = take_while(rest, "hljztL");
  if (rest.empty()) return conversion;
  conversion.letter = rest.front();
  rest.remove_prefix(1);
  return conversion;
}

template <class T>
std::string print(const Conversion& conversion, const char* length, T value) {
  const std::string format = "%" + conversion.flags + length + conversion.letter;
  std::string text(static_cast<std::size_t>(std::max(std::snprintf(nullptr, 0, format.c_str(), value), 0)),
                   '\0');
  std::snprintf(text.data(), text.size() + 1, format.c_str(), value);
  return text;
}

/// Signed values are extended: 4 bytes where the length says no more, of which h and hh take part.
long long signed_value(const Conversion& conversion, const ValueOf& value_of) {
  const bool is_long = conversion.length.find_first_of("ljzt") != std::string_view::npos;
  if (is_long) return static_cast<long long>(value_of(8));
  const auto value = static_cast<std::int32_t>(value_of(4));
  if (conversion.length == "hh") return static_cast<std::int8_t>(value);
  return conversion.length == "h" ? static_cast<std::int16_t>(value) : value;
}

unsigned long long unsigned_value(const Conversion& conversion, const ValueOf& value_of) {
  const auto value = static_cast<unsigned long long>(signed_value(conversion, value_of));
  if (conversion.length.find_first_of("ljzt") != std::string_view::npos) return value;
  return value & (conversion.length == "hh" ? 0xff : conversion.length == "h" ? 0xffff : 0xffffffff);
}

}  // namespace

Printed format(std::string_view format, const ValueOf& value_of,
               const std::function<std::string(std::uint64_t)>& text_of) {
  Printed printed;
  std::string_view rest = format;
  while (!rest.empty()) {
    const std::size_t percent = std::min(rest.find('%'), rest.size());
    printed.text += rest.substr(0, percent);
    rest.remove_prefix(percent);
    if (rest.empty()) break;
    const std::string_view written = rest;
    rest.remove_prefix(1);
    const Conversion conversion = take_conversion(rest, value_of, printed.values);
    const std::string_view letter(&conversion.letter, 1);
    if (letter == "%") {
      printed.text += '%';
    } else if (letter == "d" || letter == "i") {
      printed.text += print(conversion, "ll", signed_value(conversion, value_of));
    } else if (letter == "c") {
      printed.text += print(conversion, "", static_cast<int>(value_of(4)));
    } else if (letter.find_first_of("uoxX") == 0) {
      printed.text += print(conversion, "ll", unsigned_value(conversion, value_of));
    } else if (letter.find_first_of("fFeEgGaA") == 0) {
      printed.text += print(conversion, "", std::bit_cast<double>(value_of(8)));
    } else if (letter == "p") {
      printed.text += print(conversion, "", reinterpret_cast<void*>(value_of(8)));
    } else if (letter == "s") {
      printed.text += print(conversion, "", text_of(value_of(8)).c_str());
    } else {
      printed.text += written.substr(0, written.size() - rest.size());
      continue;
    }
    if (letter != "%") ++printed.values;
  }
  return printed;
}

}  // namespace perceptron::ptx
