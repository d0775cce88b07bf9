#include "tests/mutate/equivalent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <mutex>
#include <stdexcept>

#include "kernels/images.hpp"

namespace perceptron::mutate {
namespace {

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
  return first == std::string_view::npos ? "" : std::string(text.substr(first, last - first + 1));
}

std::vector<std::string> split_lines(std::istream& stream) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(trimmed(line));
  return lines;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(trimmed(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return parts;
}

bool holds_all(std::string_view text, const std::vector<std::string>& parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [&](const std::string& part) { return text.find(part) != std::string_view::npos; });
}

/// The lines of a text, split once per name.
const std::vector<std::string>& lines_of(const std::string& name, std::string_view text) {
  static std::mutex mutex;
  static std::map<std::string, std::vector<std::string>> all;
  const std::lock_guard lock(mutex);
  const auto found = all.find(name);
  if (found != all.end()) return found->second;
  std::vector<std::string>& lines = all[name];
  if (text.empty()) {
    std::ifstream file(name.front() == '/' ? name : PERCEPTRON_SOURCE_DIR "/" + name);
    lines = split_lines(file);
  } else {
    lines = split(text, '\n');
  }
  return lines;
}

std::string line_at(const std::vector<std::string>& lines, int number) {
  const auto index = static_cast<std::size_t>(number) - 1;
  return index < lines.size() ? lines[index] : "";
}

}  // namespace

Mutant describe(std::string_view family, const ptx::Module& module, const ptx::Instruction& instruction,
                std::string mutation) {
  Mutant mutant;
  mutant.mutation = std::move(mutation);
  const kernels::Image* image = kernels::find_image(family);
  mutant.instruction =
      line_at(lines_of(fmt::format("{}.ptx", family), image->ptx), instruction.location.ptx_line);
  const auto file = module.files.find(instruction.location.source_file);
  if (file == module.files.end()) return mutant;
  const std::string& path = file->second;
  const std::string name = path.substr(path.rfind('/') + 1);
  const bool is_exponential = family == "row_softmax" && instruction.opcode == "fma";  // It has no other fma.
  mutant.is_formula =
      is_exponential || name == "exponential.inl" || name == "formulas.inl" || name == "scalar_lane.hpp";
  const int line = instruction.location.source_line;
  mutant.source = fmt::format("{}:{}: {}", name, line, line_at(lines_of(path, {}), line));
  return mutant;
}

std::string source_text(const Mutant& mutant) {
  return fmt::format("{}{}{}", mutant.is_formula ? "[formula] " : "", mutant.source,
                     mutant.is_executed ? "" : " (not executed)");
}

std::string to_string(const Mutant& mutant) {
  return fmt::format("{} | {} | {}", mutant.mutation, mutant.instruction, source_text(mutant));
}

Equivalents::Equivalents() {
  std::ifstream file(PERCEPTRON_EQUIVALENT_MUTANTS);
  if (!file) throw std::runtime_error("cannot read " PERCEPTRON_EQUIVALENT_MUTANTS);
  for (const std::string& line : split_lines(file)) {
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string> parts = split(line, '|');
    if (parts.size() != 5 || (parts[0] != "same" && parts[0] != "rare") || parts[4].empty()) {
      throw std::runtime_error(fmt::format(
          "equivalent.txt: expected KIND | MUTATION | INSTRUCTION | SOURCE | ARGUMENT, found: {}", line));
    }
    rules_.push_back({parts[0], split(parts[1], '&'), split(parts[2], '&'), split(parts[3], '&')});
  }
}

std::string_view Equivalents::kind_of(const Mutant& mutant) const {
  const std::string source = source_text(mutant);
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return holds_all(mutant.mutation, rule.mutation) && holds_all(mutant.instruction, rule.instruction) &&
           holds_all(source, rule.source);
  });
  return rule == rules_.end() ? std::string_view() : rule->kind;
}

}  // namespace perceptron::mutate
