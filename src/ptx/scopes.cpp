#include "src/ptx/scopes.hpp"

#include <fmt/format.h>

namespace perceptron::ptx {

void Scopes::begin_entry() {
  scopes_.assign(1, {});
  count_ = 0;
}

std::string Scopes::declare(const std::string& name) {
  if (scopes_.empty()) return name;
  if (!scopes_.back().names.insert(name).second) {
    tokens_.invalid(fmt::format("\"{}\" is declared twice in its scope", name));
  }
  return unique(name, scopes_.back().number);
}

std::string Scopes::resolve(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (scope->names.contains(name)) return unique(name, scope->number);
  }
  return name;
}

std::vector<std::size_t> Scopes::numbers() const {
  std::vector<std::size_t> numbers;
  for (const Scope& scope : scopes_) numbers.push_back(scope.number);
  return numbers;
}

std::string Scopes::unique(const std::string& name, std::size_t number) {
  return number == 0 ? name : fmt::format("{}@{}", name, number);
}

}  // namespace perceptron::ptx
