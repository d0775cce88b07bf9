#include "perceptron/problem.hpp"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "perceptron/error.hpp"
#include "perceptron/layer.hpp"

namespace perceptron {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view reason) {
  throw InvalidArgument(
      fmt::format("problem \"{}\": {}; the grammar is {}, for example 65536x784x128:f32:relu", text, reason,
                  kProblemGrammar));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end; (end = text.find(separator)) != std::string_view::npos;) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.push_back(text);
  return parts;
}

std::int64_t parse_count(std::string_view whole, std::string_view text, std::string_view what,
                         std::int64_t least) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least) {
    refuse(whole,
           fmt::format("{} is \"{}\", expected a whole number from {} to 2^63 - 1", what, text, least));
  }
  return value;
}

void parse_shape(std::string_view whole, std::string_view text, Problem& problem) {
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    problem.groups = parse_count(whole, text.substr(0, at), "G", 1);
    text.remove_prefix(at + 1);
  }
  const auto sizes = split(text, 'x');
  if (sizes.size() != 3)
    refuse(whole, fmt::format("the shape \"{}\" has {} sizes, expected 3", text, sizes.size()));
  problem.rows = parse_count(whole, sizes[0], "ROWS", 0);
  problem.inputs = parse_count(whole, sizes[1], "INPUTS", 1);
  problem.outputs = parse_count(whole, sizes[2], "OUTPUTS", 1);
}

void parse_dtypes(std::string_view text, Problem& problem) {
  const auto dash = text.find('-');
  problem.dtype = parse_dtype(text.substr(0, dash));
  problem.output_dtype = dash == std::string_view::npos ? problem.dtype : parse_dtype(text.substr(dash + 1));
}

void parse_flag(std::string_view whole, std::string_view flag, Problem& problem) {
  if (flag == "nobias" && problem.has_bias) {
    problem.has_bias = false;
  } else if (flag == "sharedx" && !problem.shared_x) {
    problem.shared_x = true;
  } else if (flag == "tensor" && problem.arithmetic != Arithmetic::tensor) {
    problem.arithmetic = Arithmetic::tensor;
  } else {
    refuse(whole, fmt::format("unknown or repeated part \"{}\"", flag));
  }
}

}  // namespace

Problem Problem::parse(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() < 3) refuse(text, "expected at least a shape, a dtype and an activation");
  Problem problem;
  parse_shape(text, parts[0], problem);
  try {
    parse_dtypes(parts[1], problem);
    problem.activation = Activation::parse(parts[2]);
  } catch (const InvalidArgument& error) {
    refuse(text, error.what());
  }
  for (std::size_t index = 3; index < parts.size(); ++index) parse_flag(text, parts[index], problem);
  return problem;
}

std::string to_string(const Problem& problem) {
  std::string text = problem.groups == 1 ? std::string() : fmt::format("{}@", problem.groups);
  text += fmt::format("{}x{}x{}:{}", problem.rows, problem.inputs, problem.outputs, to_string(problem.dtype));
  if (problem.output_dtype != problem.dtype) text += fmt::format("-{}", to_string(problem.output_dtype));
  text += fmt::format(":{}", to_string(problem.activation));
  if (!problem.has_bias) text += ":nobias";
  if (problem.shared_x) text += ":sharedx";
  if (problem.arithmetic == Arithmetic::tensor) text += ":tensor";
  return text;
}

double flops(const Problem& problem) {
  return 2.0 * static_cast<double>(problem.groups) * static_cast<double>(problem.rows) *
         static_cast<double>(problem.inputs) * static_cast<double>(problem.outputs);
}

double bytes(const Problem& problem) {
  const auto groups = static_cast<double>(problem.groups), rows = static_cast<double>(problem.rows);
  const auto inputs = static_cast<double>(problem.inputs), outputs = static_cast<double>(problem.outputs);
  const double x = (problem.shared_x ? 1 : groups) * rows * inputs;
  const double weights = groups * outputs * (inputs + (problem.has_bias ? 1 : 0));
  return (x + weights) * static_cast<double>(size_of(problem.dtype)) +
         groups * rows * outputs * static_cast<double>(size_of(problem.output_dtype));
}

Problem problem_of(const Layer& layer, std::int64_t rows) {
  Problem problem;
  problem.groups = layer.groups();
  problem.rows = rows;
  problem.inputs = layer.inputs();
  problem.outputs = layer.outputs();
  problem.dtype = problem.output_dtype = layer.weight.dtype;
  problem.activation = layer.activation;
  problem.has_bias = layer.has_bias();
  return problem;
}

}  // namespace perceptron
