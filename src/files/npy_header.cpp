// Grammar and checks of .npy headers; see npy_header.hpp.
#include "src/files/npy_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "perceptron/error.hpp"
#include "src/files/refusal.hpp"

namespace perceptron::files {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::uint64_t kLongestText = std::uint64_t{1} << 20;
constexpr std::uint64_t kDataAlignment = 64;
constexpr std::size_t kMostDimensions = 3;

std::uint64_t little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return value;
}

/// Types by which people are most often surprised, each with the line of Python that helps.
std::string refusal_of(std::string_view descr) {
  const std::string quoted = fmt::format("element type '{}'", descr);
  if (descr.find('O') != descr.npos) {
    return quoted + " holds Python objects, which are never read; save array.astype('float32')";
  }
  if (descr.starts_with('>')) {
    return quoted + " is big-endian; save array.astype(array.dtype.newbyteorder('<'))";
  }
  if (descr == "|b1") return quoted + " is bool; save array.astype('uint8')";
  std::string supported;
  for (const ElementTraits& type : kElementTypes) {
    if (!type.npy.empty()) supported += fmt::format("{}{}", supported.empty() ? "" : ", ", type.npy);
  }
  return fmt::format("{} is not supported; supported: {}", quoted, supported);
}

std::optional<ElementType> element_of_descr(std::string_view descr) {
  if (descr == "<u1") return ElementType::u8;
  if (descr == "<i1") return ElementType::i8;
  for (std::size_t i = 0; i < kElementTypes.size(); ++i) {
    if (!descr.empty() && kElementTypes[i].npy == descr) return static_cast<ElementType>(i);
  }
  return std::nullopt;
}

/// {'descr': STRING, 'fortran_order': True|False, 'shape': TUPLE}, keys in any order, each exactly once.
class DictionaryReader {
 public:
  DictionaryReader(std::string_view name, std::string_view text, std::uint64_t text_offset)
      : name_(name), text_(text), text_offset_(text_offset) {}

  NpyHeader read() {
    expect('{');
    while (!accept('}')) {
      read_entry();
      if (accept(',')) continue;
      expect('}');
      break;
    }
    skip_blanks();
    if (at_ < text_.size()) fail("nothing but blanks expected after the dictionary");
    if (!descr_ || !fortran_order_ || !shape_) {
      fail(fmt::format("the header lacks '{}'; expected 'descr', 'fortran_order' and 'shape'",
                       !descr_           ? "descr"
                       : !fortran_order_ ? "fortran_order"
                                         : "shape"));
    }
    return checked();
  }

 private:
  [[noreturn]] void fail(std::string_view problem) const {
    refuse_content(name_, fmt::format("at offset {}: {}", text_offset_ + at_, problem));
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  bool accept(char wanted) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool accept(std::string_view word) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) fail(fmt::format("'{}' expected in the header", wanted));
  }

  void read_entry() {
    const std::string_view key = read_string();
    expect(':');
    if (key == "descr") {
      refuse_second(key, descr_.has_value());
      skip_blanks();
      if (at_ < text_.size() && text_[at_] == '[') {
        fail("a structured element type is not supported; save one field of it as a plain array");
      }
      descr_ = read_string();
    } else if (key == "fortran_order") {
      refuse_second(key, fortran_order_.has_value());
      fortran_order_ = read_bool();
    } else if (key == "shape") {
      refuse_second(key, shape_.has_value());
      shape_ = read_tuple();
    } else {
      fail(fmt::format("unknown key '{}'; expected 'descr', 'fortran_order' and 'shape'", key));
    }
  }
  void refuse_second(std::string_view key, bool present) const {
    if (present) fail(fmt::format("key '{}' appears twice", key));
  }

  std::string_view read_string() {
    const char quote = accept('\'') ? '\'' : accept('"') ? '"' : '\0';
    if (quote == '\0') fail("a quoted string expected in the header");
    const std::size_t end = text_.find(quote, at_);
    if (end == text_.npos) fail("a string without its closing quote");
    const std::string_view value = text_.substr(at_, end - at_);
    if (!std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~' && c != '\\'; })) {
      fail("a string of plain characters expected");
    }
    at_ = end + 1;
    return value;
  }

  bool read_bool() {
    if (accept("True")) return true;
    if (accept("False")) return false;
    fail("True or False expected for 'fortran_order'");
  }

  std::vector<std::int64_t> read_tuple() {
    std::vector<std::int64_t> shape;
    bool comma = true;
    expect('(');
    while (!accept(')')) {
      if (!comma) fail("',' or ')' expected in the shape");
      if (shape.size() == kMostDimensions) fail("more than 3 dimensions; expected 1 to 3");
      shape.push_back(read_dimension());
      comma = accept(',');
    }
    if (shape.empty()) fail("the shape () is a single number; save array.reshape(1, 1)");
    if (shape.size() == 1 && !comma) fail("a shape of one dimension is written (n,)");
    return shape;
  }

  std::int64_t read_dimension() {
    skip_blanks();
    if (text_.substr(at_).starts_with('-')) fail("a negative dimension");
    const char* const begin = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error == std::errc::invalid_argument) fail("a whole number expected in the shape");
    if (error == std::errc::result_out_of_range) fail("a dimension of more than 2^63 - 1");
    if (*begin == '0' && stop - begin > 1) fail("a dimension with leading zeros");
    at_ += static_cast<std::size_t>(stop - begin);
    accept('L');  // Written by Python 2.
    return value;
  }

  NpyHeader checked() const {
    const std::optional<ElementType> element = element_of_descr(*descr_);
    if (!element) refuse_content(name_, refusal_of(*descr_));
    if (*fortran_order_ && shape_->size() > 1) {
      refuse_content(name_,
                     "the array is in Fortran order (columns first); "
                     "save numpy.ascontiguousarray(array)");
    }
    return NpyHeader{.element = *element, .shape = *shape_, .data_offset = 0};
  }

  std::string_view name_;
  std::string_view text_;
  std::uint64_t text_offset_;
  std::size_t at_ = 0;
  std::optional<std::string_view> descr_;
  std::optional<bool> fortran_order_;
  std::optional<std::vector<std::int64_t>> shape_;
};

std::optional<std::uint64_t> checked_bytes(ElementType element, std::span<const std::int64_t> shape) {
  std::int64_t bytes = static_cast<std::int64_t>(traits(element).bytes);
  for (const std::int64_t dimension : shape) {
    if (dimension < 0 || __builtin_mul_overflow(bytes, dimension, &bytes)) return std::nullopt;
  }
  return static_cast<std::uint64_t>(bytes);
}

}  // namespace

NpyPreamble read_npy_preamble(std::string_view name, std::span<const std::byte> start,
                              std::uint64_t file_bytes) {
  const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
  if (file_bytes == 0) refuse_content(name, "the file is empty; expected a .npy file");
  if (text.substr(0, kMagic.size()) != kMagic.substr(0, text.size())) {
    refuse_content(name, "no .npy file: it does not begin with \\x93NUMPY; write one with numpy.save");
  }
  const auto require = [&](std::size_t bytes) {
    if (start.size() >= bytes) return;
    refuse_content(
        name, fmt::format("the file ends at offset {}, inside its header; truncated download?", file_bytes));
  };
  require(kMagic.size() + 2);
  const int major = std::to_integer<int>(start[6]);
  const int minor = std::to_integer<int>(start[7]);
  if (major < 1 || major > 3 || minor != 0) {
    refuse_content(name,
                   fmt::format("at offset 6: .npy version {}.{}; supported: 1.0, 2.0, 3.0", major, minor));
  }
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  require(8 + length_bytes);
  const NpyPreamble preamble{.text_offset = 8 + length_bytes,
                             .text_bytes = little_endian(start.subspan(8, length_bytes))};
  if (preamble.text_bytes > kLongestText) {
    refuse_content(name, fmt::format("at offset 8: a header of {} bytes; at most {} are accepted",
                                     preamble.text_bytes, kLongestText));
  }
  if (preamble.data_offset() > file_bytes) {
    refuse_content(name, fmt::format("at offset 8: a header of {} bytes, but the file holds {} after it; "
                                     "truncated download?",
                                     preamble.text_bytes, file_bytes - preamble.text_offset));
  }
  return preamble;
}

NpyHeader read_npy_header(std::string_view name, const NpyPreamble& preamble, std::string_view text,
                          std::uint64_t file_bytes) {
  NpyHeader header = DictionaryReader(name, text, preamble.text_offset).read();
  header.data_offset = preamble.data_offset();
  const std::string shape = python_tuple(header.shape);
  const std::string_view descr = traits(header.element).npy;
  const std::optional<std::uint64_t> expected = checked_bytes(header.element, header.shape);
  if (!expected) {
    refuse_content(name, fmt::format("shape {} of {} needs more than 2^63 - 1 bytes", shape, descr));
  }
  const std::uint64_t found = file_bytes - header.data_offset;
  if (found < *expected) {
    refuse_content(name, fmt::format("shape {} of {} needs {} bytes, file holds {} after offset {}; "
                                     "truncated download?",
                                     shape, descr, *expected, found, header.data_offset));
  }
  if (found > *expected) {
    refuse_content(name, fmt::format("shape {} of {} needs {} bytes, file holds {} after offset {}; "
                                     "{} bytes too many",
                                     shape, descr, *expected, found, header.data_offset, found - *expected));
  }
  return header;
}

std::string python_tuple(std::span<const std::int64_t> shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

std::string npy_header_bytes(ElementType element, std::span<const std::int64_t> shape) {
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}",
                                 traits(element).npy, python_tuple(shape));
  // numpy leaves room for the first dimension to grow to 21 digits in place.
  constexpr std::size_t kGrowth = 21;
  text.append(kGrowth - fmt::formatted_size("{}", shape.front()), ' ');
  constexpr std::size_t kPreamble = 10;
  text.append(kDataAlignment - (kPreamble + text.size() + 1) % kDataAlignment, ' ');
  text += '\n';
  std::string bytes(kMagic);
  bytes += {'\x01', '\x00', static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  return bytes + text;
}

std::uint64_t array_bytes(ElementType element, std::span<const std::int64_t> shape) {
  const std::optional<std::uint64_t> bytes = checked_bytes(element, shape);
  if (bytes) return *bytes;
  throw InvalidArgument(
      fmt::format("shape {} of {} has a negative dimension or needs more than 2^63 - 1 bytes",
                  python_tuple(shape), traits(element).name));
}

}  // namespace perceptron::files
