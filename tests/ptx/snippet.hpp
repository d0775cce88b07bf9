// Short bodies of PTX, run on the machine with operands of the test's choice, and the record of which opcodes
// have been tried so.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/ptx/machine.hpp"

namespace perceptron::ptx {

struct Snippet {
  std::string body;  ///< Reads %a, %b, %c, %d and writes %t; %x0-7, %y0-7, %z0-7 and p0-7 are free.
  std::vector<std::size_t> source_bytes;  ///< 1, 2, 4 or 8; of single bytes the register holds more, garbage.
  std::size_t result_bytes = 4;           ///< 2, 4 or 8.
  bool runs_parted = true;                ///< Once more with some lanes of each warp elsewhere.
  std::string declarations = {};          ///< Of the entry: .shared and .local variables.
};

/// Operands of one lane, and 32 lanes after one another are a warp.
using Row = std::vector<std::uint64_t>;

/// One result per row. Where the snippet runs parted too, lanes that are away must keep their value and the
/// others agree.
std::vector<std::uint64_t> run_snippet(const Snippet& snippet, const std::vector<Row>& rows);

/// PTX of an entry "snippet" with this body and the registers above, for tests that refuse it.
std::string text_of(const Snippet& snippet);

/// Opcodes that a test has passed to run_snippet() or named itself.
std::set<std::string, std::less<>>& covered_opcodes();
void cover(std::string_view instruction);

}  // namespace perceptron::ptx
