// Names of GPUs, read the same in every build.
#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "perceptron/error.hpp"
#include "src/cuda/cuda_device.hpp"

namespace perceptron::cuda {
namespace {

constexpr std::string_view kPrefix = "cuda";

[[noreturn]] void refuse_name(const std::string& name) {
  throw InvalidArgument(fmt::format(
      "device \"{}\": expected cuda, cuda:N or cuda:N:FAMILY/POLICY with the GPU's number N from 0 on",
      name));
}

int parse_number(std::string_view text, const std::string& name) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) refuse_name(name);
  return number;
}

}  // namespace

bool is_device_name(const std::string& name) {
  return name == kPrefix || name.starts_with(std::string(kPrefix) + ":");
}

DeviceName parse_device_name(const std::string& name) {
  if (!is_device_name(name)) refuse_name(name);
  DeviceName parsed;
  if (name == kPrefix) return parsed;
  const std::string_view rest = std::string_view(name).substr(kPrefix.size() + 1);
  const std::size_t colon = rest.find(':');
  parsed.number = parse_number(rest.substr(0, colon), name);
  if (colon == std::string_view::npos) return parsed;
  parsed.policy = rest.substr(colon + 1);
  if (parsed.policy.empty()) refuse_name(name);
  return parsed;
}

}  // namespace perceptron::cuda
