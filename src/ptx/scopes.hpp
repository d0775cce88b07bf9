// The { } scopes of an entry: which name is meant where, made unique within the entry.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "src/ptx/token_reader.hpp"

namespace perceptron::ptx {

/// Names of an inner scope hide those outside and get its number: "%r1" becomes "%r1@2". Those of the
/// outermost scope, number 0, stay as they are.
class Scopes {
 public:
  explicit Scopes(const TokenReader& tokens) : tokens_(tokens) {}

  /// The outermost scope alone, without names.
  void begin_entry();
  /// Back to the module, whose names stay as they are.
  void end_entry() { scopes_.clear(); }
  void open() { scopes_.push_back({{}, ++count_}); }
  void close() { scopes_.pop_back(); }

  /// The unique name. Outside of entries there is no scope, and names stay as they are.
  std::string declare(const std::string& name);
  /// The unique name that is meant here; a name that nobody declared stays as it is.
  std::string resolve(const std::string& name) const;

  /// Numbers of the open scopes, outermost first.
  std::vector<std::size_t> numbers() const;
  static std::string unique(const std::string& name, std::size_t number);

 private:
  struct Scope {
    std::set<std::string, std::less<>> names;
    std::size_t number = 0;
  };

  const TokenReader& tokens_;
  std::vector<Scope> scopes_;
  std::size_t count_ = 0;
};

}  // namespace perceptron::ptx
