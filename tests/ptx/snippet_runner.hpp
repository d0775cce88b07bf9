// What carries out a snippet: the PTX machine, or a GPU, against which the machine itself is checked. One
// program is linked for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace perceptron::ptx {

/// Operands of a warp per block, as the entry "snippet" of text_of() reads them.
inline constexpr std::size_t kMostSources = 4;

class SnippetRunner {
 public:
  explicit SnippetRunner(const std::string& text);
  ~SnippetRunner();

  /// kMostSources operands and two results per thread.
  void run(std::span<const std::uint64_t> operands, std::span<std::uint64_t> results);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether approximations come out as the true value, rounded: the machine's do, a GPU's lie within a bound.
bool rounds_approximations();

}  // namespace perceptron::ptx
