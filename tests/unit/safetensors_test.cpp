// The header of safetensors files: what the format allows, its limits, and every kind of broken header by
// name.
#include "src/files/safetensors.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "perceptron/error.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::files {
namespace {

using test::expect_error;

constexpr std::string_view kName = "m.safetensors";

/// Reads a header as a file with that much data behind it would have it.
SafetensorsHeader read(const std::string& text, std::uint64_t data_bytes) {
  return read_safetensors_header(kName, text, kSafetensorsLengthBytes + text.size() + data_bytes);
}

std::string tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

std::string with_length(std::uint64_t length) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(length >> (8 * i) & 0xFF);
  return bytes;
}

std::uint64_t read_length(const std::string& start, std::uint64_t file_bytes) {
  return read_safetensors_length(kName, std::as_bytes(std::span(start)), file_bytes);
}

TEST(Safetensors, ReadsTensorsInTheOrderOfTheirBytes) {
  const SafetensorsHeader header =
      read(R"({"b":)" + tensor("BF16", "[2,3]", "[16,28]") + R"(,"a":)" + tensor("F64", "[2]", "[0,16]") +
               R"(,"__metadata__":{"format":"pt","\u00fc":""},"c":)" + tensor("U8", "[]", "[28,29]") +
               R"(,"empty":)" + tensor("F32", "[0,9]", "[28,28]") + "}   ",
           29);
  ASSERT_EQ(header.tensors.size(), 4U);
  EXPECT_EQ(header.tensors[0], (TensorEntry{"a", "F64", {2}, 0, 16}));
  EXPECT_EQ(header.tensors[1], (TensorEntry{"b", "BF16", {2, 3}, 16, 28}));
  EXPECT_EQ(header.tensors[2], (TensorEntry{"empty", "F32", {0, 9}, 28, 28}));
  EXPECT_EQ(header.tensors[3], (TensorEntry{"c", "U8", {}, 28, 29}));
  EXPECT_EQ(header.metadata, (std::map<std::string, std::string>{{"format", "pt"}, {"ü", ""}}));
  EXPECT_EQ(header.find("b"), &header.tensors[1]);
  EXPECT_EQ(header.find("d"), nullptr);
}

TEST(Safetensors, WritesOneCanonicalText) {
  SafetensorsHeader header;
  header.metadata = {{"format", "perceptron"}, {"activations", "relu"}};
  header.tensors = {{"layers.0.weight", "F32", {2, 3}, 0, 24}, {"quote\"d", "F32", {2}, 24, 32}};
  const std::string bytes = safetensors_header_bytes(header);
  EXPECT_EQ(bytes.substr(8), R"({"__metadata__":{"activations":"relu","format":"perceptron"},)"
                             R"("layers.0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                             R"("quote\"d":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}}       )");
  EXPECT_EQ(bytes.size() % 8, 0U);
  EXPECT_EQ(read_length(bytes.substr(0, 8), bytes.size()), bytes.size() - 8);
  const SafetensorsHeader again = read(bytes.substr(8), 32);
  EXPECT_EQ(again.tensors, header.tensors);
  EXPECT_EQ(again.metadata, header.metadata);
  EXPECT_EQ(read(safetensors_header_bytes({}).substr(8), 0).tensors.size(), 0U);
}

TEST(Safetensors, LengthIsHeldAgainstTheFormatAndTheFile) {
  EXPECT_EQ(read_length(with_length(100'000'000), 100'000'008), 100'000'000U);
  expect_error<FormatError>([] { read_length(with_length(100'000'001), 1'000'000'000); },
                            {"m.safetensors: ", "100000001", "at most 100000000"});
  expect_error<FormatError>([] { read_length(with_length(101), 108); },
                            {"101 bytes", "holds 100 after offset 8", "truncated download?"});
  expect_error<FormatError>([] { read_length(std::string(7, '\0'), 7); }, {"7 bytes", "expected at least 8"});
  expect_error<FormatError>([] { read_length("PK\x03\x04PK\x03\x04", 1000); },
                            {"no safetensors file", "save_file"});
}

TEST(Safetensors, NamesWhatIsWrong) {
  const std::string four = tensor("F32", "[1]", "[0,4]");
  struct Case {
    std::string text;
    std::vector<std::string_view> words;
    std::uint64_t data_bytes = 4;
  };
  const Case cases[] = {
      {"", {"'{' expected at offset 8"}},
      {" {}", {"'{' expected at offset 8"}},
      {"[]", {"'{' expected at offset 8"}},
      {"\xEF\xBB\xBF{}", {"'{' expected at offset 8"}},
      {R"({"a":)" + four, {"offset ", "unexpected end of input"}},
      {R"({"a":)" + four + "} x", {"at offset 63: syntax error", "invalid literal"}},
      {R"({"a":)" + four + "}{}", {"at offset 62: syntax error", "expected end of input"}},
      {R"({"a" )" + four + "}", {"offset 13", "expected ':'"}},
      {"{\"\xFF\":" + four + "}", {"ill-formed UTF-8"}},
      {R"({"a":)" + four + R"(,"a":)" + four + "}", {"'a' appears twice"}},
      {R"({"a":)" + four + R"(,"\u0061":)" + four + "}", {"'a' appears twice"}},
      {R"({"a":{"dtype":"F32","shape":[1],"dtype":"F32","data_offsets":[0,4]}})",
       {"tensor a", "'dtype' appears twice"}},
      {R"({"a":{"dtype":"F32","shape":[1]}})", {"tensor a", "lacks data_offsets"}},
      {R"({"a":{"shape":[1],"data_offsets":[0,4]}})", {"tensor a", "lacks dtype"}},
      {R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", {"tensor a", "lacks shape"}},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":[1]}})", {"tensor a", "an array"}},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}})", {"tensor a", "a number"}},
      {R"({"a":[]})", {"tensor a", "an array", "data_offsets"}},
      {R"({"a":7})", {"tensor a", "a number"}},
      {R"({"a":null})", {"tensor a", "null"}},
      {R"({"a":{"dtype":true,"shape":[1],"data_offsets":[0,4]}})", {"tensor a", "a boolean"}},
      {R"({"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}})", {"tensor a", "an array"}},
      {R"({"a":{"dtype":"F32","shape":[{}],"data_offsets":[0,4]}})", {"tensor a", "an object"}},
      {R"({"a":{"dtype":{},"shape":[1],"data_offsets":[0,4]}})", {"tensor a", "an object"}},
      {R"({"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}})", {"tensor a", "a string"}},
      {R"({"a":)" + tensor("F32", "[-1]", "[0,4]") + "}", {"tensor a", "-1", "at least 0"}},
      {R"({"a":)" + tensor("F32", "[1]", "[-0,4]") + "}", {"tensor a", "at least 0"}},
      {R"({"a":)" + tensor("F32", "[1e0]", "[0,4]") + "}", {"tensor a", "1e0", "whole number"}},
      {R"({"a":)" + tensor("F32", "[1.0]", "[0,4]") + "}", {"tensor a", "1.0", "whole number"}},
      {R"({"a":)" + tensor("F32", "[18446744073709551616]", "[0,4]") + "}", {"tensor a", "below 2^64"}},
      {R"({"a":)" + tensor("F32", "[9223372036854775808]", "[0,4]") + "}", {"tensor a", "at most 2^63 - 1"}},
      {R"({"a":)" + tensor("F32", "[4294967296,4294967296]", "[0,4]") + "}",
       {"tensor a", "[4294967296,4294967296] F32", "2^64 bits"}},
      {R"({"a":)" + tensor("F32", "[1]", "[0]") + "}", {"tensor a", "two numbers"}},
      {R"({"a":)" + tensor("F32", "[1]", "[0,4,4]") + "}", {"tensor a", "a number"}},
      {R"({"a":)" + tensor("F32", "[1]", "[4,0]") + "}", {"tensor a", "[1] F32 needs 4 bytes", "[4,0]"}},
      {R"({"a":)" + tensor("F32", "[1]", "[18446744073709551612,0]") + "}",
       {"tensor a", "[1] F32 needs 4 bytes"}},
      {R"({"a":)" + tensor("F32", "[2]", "[0,4]") + "}", {"tensor a", "[2] F32 needs 8 bytes", "[0,4]"}},
      {R"({"a":)" + tensor("F99", "[1]", "[0,4]") + "}", {"tensor a", "unknown dtype 'F99'"}},
      {R"({"a":)" + tensor("F4", "[3]", "[0,1]") + "}", {"tensor a", "12 bits", "whole bytes"}, 1},
      {R"({"a":)" + four + R"(,"b":)" + four + "}", {"tensor b", "[0,4]", "overlap", "tensor a"}},
      {R"({"a":)" + tensor("F32", "[2]", "[0,8]") + R"(,"b":)" + tensor("F32", "[1]", "[4,8]") + "}",
       {"tensor b", "[4,8]", "overlap", "tensor a", "[0,8]"},
       8},
      {R"({"a":)" + four + R"(,"b":)" + tensor("F32", "[1]", "[8,12]") + "}",
       {"tensor b", "bytes 4 to 8", "no tensor"},
       12},
      {R"({"a":)" + tensor("F32", "[1]", "[1,5]") + "}", {"tensor a", "bytes 0 to 1", "no tensor"}, 5},
      {R"({"a":)" + four + "}", {"end at byte 4", "holds 7", "3 bytes too many"}, 7},
      {R"({"a":)" + four + "}",
       {"tensor a: shape [1] F32 needs 4 bytes, file holds 3 after offset 62; truncated"},
       3},
      {R"({"a":)" + four + R"(,"b":)" + tensor("F32", "[1]", "[4,8]") + "}",
       {"tensor a", "file holds 0 after"},
       0},
      {R"({"__metadata__":{"format":1}})", {"__metadata__", "'format' must be a string, not a number"}},
      {R"({"__metadata__":{"format":{}}})", {"__metadata__", "'format' must be a string, not an object"}},
      {R"({"__metadata__":{"a":"1","a":"2"}})", {"header", "'a' appears twice"}},
      {R"({"__metadata__":[]})", {"header", "an array"}},
      {R"({"__metadata__":{},"__metadata__":{}})", {"'__metadata__' appears twice"}},
  };
  for (const Case& broken : cases) {
    for (const std::string_view word : broken.words) {
      expect_error<FormatError>([&] { read(broken.text, broken.data_bytes); }, {"m.safetensors: ", word});
    }
  }
}

TEST(Safetensors, DeepNestingIsRefusedNotRecursed) {
  constexpr std::size_t kDepth = 10'000'000;
  expect_error<FormatError>([] { read(R"({"a":)" + std::string(kDepth, '['), 0); }, {"tensor a", "an array"});
  expect_error<FormatError>([] { read(R"({"a":{"shape":)" + std::string(kDepth, '['), 0); }, {"tensor a"});
}

TEST(Safetensors, MessagesStayShortAndReadable) {
  for (const std::string& text :
       {std::string("{\"\xFF\":1}"), "{\"" + std::string(1'000'000, 'x') + "\xFF\":1}",
        "{\"" + std::string(1'000'000, 'x') + "\":1}"}) {
    try {
      read(text, 0);
      FAIL() << "nothing thrown";
    } catch (const FormatError& error) {
      EXPECT_LT(std::string_view(error.what()).size(), 1000U);
      EXPECT_EQ(std::string_view(error.what()).find('\xFF'), std::string_view::npos);
    }
  }
}

}  // namespace
}  // namespace perceptron::files
