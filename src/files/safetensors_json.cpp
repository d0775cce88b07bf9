// A small state machine over the events of nlohmann's SAX parser; see safetensors_json.hpp.
#include "src/files/safetensors_json.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "src/files/refusal.hpp"

namespace perceptron::files {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kMetadata = "__metadata__";

/// What the next value belongs to. Nesting is at most three deep, so the place is the whole state.
enum class Place { file, header, metadata, tensor, shape, offsets, done };

class HeaderEvents {
 public:
  explicit HeaderEvents(std::string_view name) : name_(name) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool key(std::string& key) {
    if (place_ == Place::header) {
      if (!tensor_names_.insert(key).second) refuse(fmt::format("'{}' appears twice", key));
    } else if (!keys_.insert(key).second) {
      refuse(fmt::format("{}: '{}' appears twice", subject(), key));
    }
    key_ = key;
    if (place_ == Place::header) subject_ = key;
    return true;
  }

  bool start_object(std::size_t) {
    switch (place_) {
      case Place::file: return enter(Place::header);
      case Place::header:
        keys_.clear();
        if (key_ == kMetadata) return enter(Place::metadata);
        header_.tensors.emplace_back().name = key_;
        return enter(Place::tensor);
      default: unexpected("an object");
    }
  }

  bool end_object() {
    if (place_ == Place::tensor) check_complete();
    return enter(place_ == Place::header ? Place::done : Place::header);
  }

  bool start_array(std::size_t) {
    if (place_ != Place::tensor || (key_ != "shape" && key_ != "data_offsets")) unexpected("an array");
    offsets_ = 0;
    return enter(key_ == "shape" ? Place::shape : Place::offsets);
  }

  bool end_array() {
    if (place_ == Place::offsets && offsets_ != 2) refuse(subject() + ": data_offsets needs two numbers");
    return enter(Place::tensor);
  }

  bool string(std::string& value) {
    if (place_ == Place::metadata) {
      header_.metadata[key_] = value;
    } else if (place_ == Place::tensor && key_ == "dtype") {
      header_.tensors.back().dtype = value;
    } else {
      unexpected("a string");
    }
    return true;
  }

  bool number_unsigned(std::uint64_t value) {
    TensorEntry* const tensor = header_.tensors.empty() ? nullptr : &header_.tensors.back();
    if (place_ == Place::shape) {
      if (value > std::numeric_limits<std::int64_t>::max()) {
        refuse(fmt::format("{}: a dimension of {}; at most 2^63 - 1", subject(), value));
      }
      tensor->shape.push_back(static_cast<std::int64_t>(value));
    } else if (place_ == Place::offsets && offsets_ < 2) {
      (offsets_++ == 0 ? tensor->begin : tensor->end) = value;
    } else {
      unexpected("a number");
    }
    return true;
  }

  bool number_integer(std::int64_t value) {
    refuse(fmt::format("{}: {} where a whole number of at least 0 is expected", subject(), value));
  }
  bool number_float(double, const std::string& text) {
    refuse(fmt::format("{}: {} where a whole number below 2^64 is expected", subject(), text));
  }
  bool null() { unexpected("null"); }
  bool boolean(bool) { unexpected("a boolean"); }
  bool binary(Json::binary_t&) { unexpected("binary data"); }

  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) {
    std::string_view reason = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 9: syntax error …; last read: '…'",
    // where what was read may be long, or no text at all.
    reason = reason.substr(0, reason.find("; last read"));
    if (const std::size_t start = reason.find("syntax error"); start != reason.npos)
      reason.remove_prefix(start);
    refuse(fmt::format("at offset {}: {}", kSafetensorsLengthBytes + position - 1, reason));
  }

 private:
  [[noreturn]] void refuse(std::string_view problem) const { refuse_content(name_, problem); }
  [[noreturn]] void unexpected(std::string_view what) const {
    if (place_ == Place::metadata) {
      refuse(fmt::format("{}: '{}' must be a string, not {}", kMetadata, key_, what));
    }
    refuse(
        fmt::format("{}: {} in an unexpected place; a tensor is {{\"dtype\": STRING, \"shape\": [NUMBERS], "
                    "\"data_offsets\": [BEGIN, END]}}",
                    subject(), what));
  }
  std::string subject() const {
    return subject_.empty() || subject_ == kMetadata ? "header" : fmt::format("tensor {}", subject_);
  }
  bool enter(Place place) {
    place_ = place;
    return true;
  }
  void check_complete() const {
    for (const char* wanted : {"dtype", "shape", "data_offsets"}) {
      if (!keys_.contains(wanted)) refuse(fmt::format("{}: lacks {}", subject(), wanted));
    }
    if (keys_.size() == 3) return;
    for (const std::string& key : keys_) {
      if (key != "dtype" && key != "shape" && key != "data_offsets") {
        refuse(fmt::format("{}: unknown key '{}'", subject(), key));
      }
    }
  }

  std::string_view name_;
  SafetensorsHeader header_;
  Place place_ = Place::file;
  std::string key_;
  std::string subject_;  // The tensor (or metadata) being read.
  std::set<std::string> tensor_names_;
  std::set<std::string> keys_;  // Of the innermost object.
  int offsets_ = 0;
};

}  // namespace

SafetensorsHeader parse_safetensors_json(std::string_view name, std::string_view text) {
  HeaderEvents events(name);
  Json::sax_parse(text, &events);
  return events.take();
}

}  // namespace perceptron::files
