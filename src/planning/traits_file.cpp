// DeviceTraits by name or from a JSON file, whose every error names the field.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <variant>

#include "perceptron/device_traits.hpp"
#include "perceptron/error.hpp"

namespace perceptron {
namespace {

using Json = nlohmann::ordered_json;

/// What a whole number may be, and why where that is not plain.
struct Range {
  std::int64_t least = 1, most = std::int64_t{1} << 53;
  std::string_view expected = "a whole number from 1 to 2^53";
};

struct Field {
  std::string_view name;
  std::variant<std::string DeviceTraits::*, std::int64_t DeviceTraits::*, double DeviceTraits::*> member;
  Range range = {};
};

constexpr Range kCapability{80, 10'000, "80 to 10000, as the kernels need compute capability 8.0 or higher"};
/// Planning looks at every tile of rows of some rounds of all multiprocessors.
constexpr Range kMultiprocessors{1, 10'000, "a whole number from 1 to 10000"};

constexpr Field kFields[]{
    {"name", &DeviceTraits::name},
    {"compute_capability", &DeviceTraits::compute_capability, kCapability},
    {"multiprocessors", &DeviceTraits::multiprocessors, kMultiprocessors},
    {"clock_hz", &DeviceTraits::clock_hz},
    {"f32_fma_per_clock", &DeviceTraits::f32_fma_per_clock},
    {"f64_fma_per_clock", &DeviceTraits::f64_fma_per_clock},
    {"memory_bytes", &DeviceTraits::memory_bytes},
    {"memory_bytes_per_second", &DeviceTraits::memory_bytes_per_second},
    {"l2_bytes", &DeviceTraits::l2_bytes},
    {"shared_bytes_per_multiprocessor", &DeviceTraits::shared_bytes_per_multiprocessor},
    {"shared_bytes_per_block", &DeviceTraits::shared_bytes_per_block},
    {"registers_per_multiprocessor", &DeviceTraits::registers_per_multiprocessor},
    {"threads_per_multiprocessor", &DeviceTraits::threads_per_multiprocessor},
    {"blocks_per_multiprocessor", &DeviceTraits::blocks_per_multiprocessor},
};

/// Reads the fields of one object; every refusal carries the file's name.
class TraitsReader {
 public:
  TraitsReader(std::string path, const Json& object) : path_(std::move(path)), object_(object) {}

  DeviceTraits read() const {
    if (!object_.is_object()) refuse(fmt::format("expected one object, found {}", object_.type_name()));
    refuse_unknown();
    DeviceTraits traits;
    for (const Field& field : kFields) {
      std::visit([&](auto member) { read(field, traits.*member); }, field.member);
    }
    return traits;
  }

 private:
  [[noreturn]] void refuse(const std::string& problem) const {
    throw FormatError(fmt::format("{}: {}", path_, problem));
  }

  [[noreturn]] void refuse(std::string_view field, std::string_view expected, const Json& found) const {
    refuse(fmt::format("field \"{}\": expected {}, found {}", field, expected, found.dump()));
  }

  void refuse_unknown() const {
    std::vector<std::string_view> names;
    for (const Field& field : kFields) names.push_back(field.name);
    for (const auto& item : object_.items()) {
      if (std::find(names.begin(), names.end(), item.key()) != names.end()) continue;
      refuse(fmt::format("unknown field \"{}\"; the fields are {}", item.key(), fmt::join(names, ", ")));
    }
  }

  const Json& at(std::string_view field) const {
    const auto found = object_.find(std::string(field));
    if (found == object_.end()) refuse(fmt::format("field \"{}\" is missing", field));
    return *found;
  }

  void read(const Field& field, std::string& value) const {
    const Json& json = at(field.name);
    if (!json.is_string() || json.get<std::string>().empty()) refuse(field.name, "a name in quotes", json);
    value = json.get<std::string>();
  }

  void read(const Field& field, std::int64_t& value) const {
    const Json& json = at(field.name);
    const bool is_whole =
        json.is_number_integer() && (json.is_number_unsigned() || json.get<std::int64_t>() > 0);
    if (!is_whole || std::cmp_less(json.get<std::uint64_t>(), field.range.least) ||
        std::cmp_greater(json.get<std::uint64_t>(), field.range.most)) {
      refuse(field.name, field.range.expected, json);
    }
    value = json.get<std::int64_t>();
  }

  void read(const Field& field, double& value) const {
    const Json& json = at(field.name);
    if (!json.is_number() || !(json.get<double>() > 0) || !std::isfinite(json.get<double>())) {
      refuse(field.name, "a number above 0", json);
    }
    value = json.get<double>();
  }

  std::string path_;
  const Json& object_;
};

DeviceTraits read_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw FileError(fmt::format("{} is a directory; expected a JSON file of traits", path));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw FileError(fmt::format("{}: cannot be read: {}", path, std::generic_category().message(errno)));
  }
  Json object;
  try {
    object = Json::parse(file);
  } catch (const Json::parse_error& error) {
    throw FormatError(fmt::format("{}: not JSON: byte {}: {}", path, error.byte, error.what()));
  } catch (const Json::out_of_range&) {
    throw FormatError(fmt::format("{}: holds a number that is too large", path));
  }
  return TraitsReader(path, object).read();
}

}  // namespace

DeviceTraits load_device_traits(const std::string& name_or_path) {
  std::vector<std::string_view> names;
  for (const DeviceTraits& traits : known_device_traits()) {
    if (traits.name == name_or_path) return traits;
    names.push_back(traits.name);
  }
  std::error_code error;
  if (!std::filesystem::exists(name_or_path, error)) {
    throw InvalidArgument(fmt::format("traits \"{}\": expected {} or a JSON file, found neither",
                                      name_or_path, fmt::join(names, ", ")));
  }
  return read_file(name_or_path);
}

std::string to_json(const DeviceTraits& traits) {
  Json object;
  for (const Field& field : kFields) {
    std::visit([&](auto member) { object[std::string(field.name)] = traits.*member; }, field.member);
  }
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace perceptron
