#include "tests/ptx/snippet.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tests/ptx/snippet_runner.hpp"

namespace perceptron::ptx {
namespace {

constexpr std::size_t kMostRows = 8192;  ///< Of one launch: records of memory are 16 times what they watch.
constexpr std::uint64_t kAway = 0x5a5a5a5a5a5a5a5a;

std::uint64_t low(std::uint64_t value, std::size_t bytes) {
  return bytes == 8 ? value : value & ((std::uint64_t{1} << (8 * bytes)) - 1);
}

std::string load(std::size_t source, std::size_t bytes) {
  const std::size_t register_bytes = std::max<std::size_t>(bytes, 2);
  return fmt::format(".reg .b{0} %{1};\nld.global.b{0} %{1}, [%from+{2}];\n", register_bytes * 8,
                     static_cast<char>('a' + source), 8 * source);
}

/// The lanes that the second run leaves behind: 24 of 32, in runs of several lengths.
bool is_away(std::size_t lane) { return (lane & 5) != 0; }

std::vector<std::uint64_t> run_rows(SnippetRunner& runner, const Snippet& snippet, const Row* rows,
                                    std::size_t count) {
  const std::size_t padded = (count + 31) / 32 * 32;
  std::vector<std::uint64_t> operands(padded * kMostSources), results(padded * 2);
  for (std::size_t row = 0; row < padded; ++row) {
    const Row& values = rows[std::min(row, count - 1)];
    for (std::size_t source = 0; source < snippet.source_bytes.size(); ++source) {
      const std::size_t bytes = snippet.source_bytes[source];
      operands[row * kMostSources + source] =
          low(values.at(source), bytes) | (low(kAway, 8) & ~low(~std::uint64_t{0}, bytes));
    }
  }
  runner.run(operands, results);
  std::vector<std::uint64_t> first;
  for (std::size_t row = 0; row < count; ++row) {
    first.push_back(low(results[2 * row], snippet.result_bytes));
    if (!snippet.runs_parted) continue;
    const std::uint64_t expected = is_away(row % 32) ? low(kAway, snippet.result_bytes) : first.back();
    EXPECT_EQ(low(results[2 * row + 1], snippet.result_bytes), expected)
        << snippet.body << " with some lanes away, lane " << row % 32;
  }
  return first;
}

}  // namespace

std::string text_of(const Snippet& snippet) {
  std::string loads;
  for (std::size_t source = 0; source < snippet.source_bytes.size(); ++source) {
    loads += load(source, snippet.source_bytes[source]);
  }
  const std::size_t bits = snippet.result_bytes * 8;
  std::string text = fmt::format(R"(.version 9.0
.target sm_90a
.address_size 64
.visible .entry snippet(.param .align 8 .b8 arguments[16]) {{
{0}
.reg .b64 %from, %to, %z<8>;
.reg .b32 %index, %y<8>;
.reg .b16 %x<8>;
.reg .pred p<8>, %away;
.reg .b{1} %t;
ld.param.b64 %from, [arguments];
ld.param.b64 %to, [arguments+8];
mov.u32 %y0, %ctaid.x;
mov.u32 %index, %tid.x;
mad.lo.u32 %index, %y0, 32, %index;
mad.wide.u32 %from, %index, 32, %from;
mad.wide.u32 %to, %index, 16, %to;
{2}
{{
{3}
}}
st.global.b{1} [%to], %t;
)",
                                 snippet.declarations, bits, loads, snippet.body);
  if (snippet.runs_parted) {
    text += fmt::format(R"(mov.b{0} %t, {1};
and.b32 %y0, %index, 5;
setp.ne.u32 %away, %y0, 0;
@%away bra RESULT;
{{
{2}
}}
RESULT:
st.global.b{0} [%to+8], %t;
)",
                        bits, low(kAway, snippet.result_bytes), snippet.body);
  }
  return text + "ret;\n}\n";
}

std::vector<std::uint64_t> run_snippet(const Snippet& snippet, const std::vector<Row>& rows) {
  SnippetRunner runner(text_of(snippet));
  std::vector<std::uint64_t> results;
  for (std::size_t first = 0; first < rows.size(); first += kMostRows) {
    const std::vector<std::uint64_t> some =
        run_rows(runner, snippet, rows.data() + first, std::min(kMostRows, rows.size() - first));
    results.insert(results.end(), some.begin(), some.end());
  }
  return results;
}

std::set<std::string, std::less<>>& covered_opcodes() {
  static std::set<std::string, std::less<>> opcodes;
  return opcodes;
}

void cover(std::string_view instruction) {
  covered_opcodes().emplace(instruction.substr(0, instruction.find('.')));
}

}  // namespace perceptron::ptx
