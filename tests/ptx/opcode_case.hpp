// One instruction against plain C++, over the edge values of all its operands.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "tests/ptx/edge_values.hpp"
#include "tests/ptx/snippet.hpp"

namespace perceptron::ptx {

/// Combinations of operands of one case; beyond that, that many of them without pattern.
inline constexpr std::size_t kMostTuples = 30'000;

template <class T>
std::uint64_t bits_of(T value) {
  if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<std::uint32_t>(value);
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<std::uint64_t>(value);
  else if constexpr (std::is_integral_v<T>)
    return static_cast<std::make_unsigned_t<T>>(value);
  else
    return value.bits;
}

template <class T>
T value_of(std::uint64_t bits) {
  if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<double>(bits);
  else if constexpr (std::is_integral_v<T>)
    return static_cast<T>(bits);
  else
    return T{static_cast<std::uint16_t>(bits)};
}

/// NaN equals NaN.
template <class T>
bool is_same(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) && std::isnan(b)) return true;
  }
  return bits_of(a) == bits_of(b);
}

template <class... S>
std::vector<std::tuple<S...>> all_tuples() {
  const std::tuple lists{edge_values_of<S>()...};
  std::size_t count = 1;
  std::apply([&](const auto&... list) { ((count *= list.size()), ...); }, lists);
  std::mt19937_64 random(11);
  std::vector<std::tuple<S...>> tuples;
  for (std::size_t index = 0; index < std::min(count, kMostTuples); ++index) {
    std::size_t rest = count > kMostTuples ? random() % count : index;
    const auto pick = [&](const auto& list) {
      const auto value = list[rest % list.size()];
      rest /= list.size();
      return value;
    };
    std::apply([&](const auto&... list) { tuples.push_back(std::tuple<S...>{pick(list)...}); }, lists);
  }
  return tuples;
}

/// `body` reads %a, %b, … of the types S and writes %t of type D. cover() is the caller's.
template <class D, class... S, class Expected>
void expect_body(const std::string& body, Expected expected) {
  const std::vector<std::tuple<S...>> tuples = all_tuples<S...>();
  std::vector<Row> rows;
  for (const auto& tuple : tuples) {
    std::apply([&](const auto&... value) { rows.push_back({bits_of(value)...}); }, tuple);
  }
  const std::size_t result_bytes = std::max<std::size_t>(sizeof(D), 2);
  const std::vector<std::uint64_t> results = run_snippet({body, {sizeof(S)...}, result_bytes}, rows);
  int differences = 0;
  for (std::size_t index = 0; index < rows.size() && differences < 5; ++index) {
    const D truth = std::apply(expected, tuples[index]);
    if (is_same(value_of<D>(results[index]), truth)) continue;
    std::string operands;
    for (const std::uint64_t operand : rows[index]) operands += testing::PrintToString(operand) + " ";
    ADD_FAILURE() << body << " of " << std::hex << rows[index][0] << " "
                  << (rows[index].size() > 1 ? rows[index][1] : 0) << " "
                  << (rows[index].size() > 2 ? rows[index][2] : 0) << " gives " << results[index]
                  << ", expected " << bits_of(truth);
    ++differences;
  }
}

/// The instruction as "add.rn.f32"; its operands are the result and one source per S.
template <class D, class... S, class Expected>
void expect_opcode(const std::string& instruction, Expected expected) {
  cover(instruction);
  static constexpr const char* kOperands[]{"%a", "%b", "%c", "%d"};
  std::string body = instruction + " %t";
  for (std::size_t source = 0; source < sizeof...(S); ++source) body += std::string(", ") + kOperands[source];
  expect_body<D, S...>(body + ";", expected);
}

/// The name of a type in instructions.
template <class T>
std::string ptx_name() {
  const char* kind = std::is_floating_point_v<T> ? "f" : std::is_signed_v<T> ? "s" : "u";
  return kind + std::to_string(sizeof(T) * 8);
}

}  // namespace perceptron::ptx
