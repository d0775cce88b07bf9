// What lanes of a warp tell one another on the PTX machine: shuffles, votes, matches, reductions, barriers'
// reductions; by all lanes and by some.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <random>

#include "tests/ptx/opcode_case.hpp"

namespace perceptron::ptx {
namespace {

using Lanes = std::vector<Row>;  ///< Operands of one warp.
using Mask = std::uint32_t;

constexpr Mask kMasks[]{0xffffffff, 0x0000ffff, 0xaaaaaaaa, 0x80000001, 0x00010000, 0x7ffffffe};

bool has(Mask mask, unsigned lane) { return (mask >> lane & 1) != 0; }

/// The lanes of `mask` carry out the body, the others jump over it and give 0. `of(lanes, lane)` is the
/// truth.
void expect_warp(const std::string& body, std::size_t source_bytes, std::size_t result_bytes, Mask mask,
                 const std::vector<Row>& rows,
                 const std::function<std::uint64_t(const Lanes&, unsigned)>& of) {
  cover(body);
  const std::string bits = std::to_string(8 * result_bytes), members = std::to_string(mask);
  const std::string text =
      "mov.b" + bits + " %t, 0; mov.u32 %y0, %laneid; mov.u32 %y6, " + members +
      "; shr.u32 %y0, %y6, %y0; and.b32 %y0, %y0, 1; setp.eq.u32 p7, %y0, 0; @p7 bra OUT;\n" + body +
      "\nOUT:";
  const std::vector<std::size_t> sources(rows[0].size(), source_bytes);
  const std::vector<std::uint64_t> results = run_snippet({text, sources, result_bytes, false}, rows);
  for (std::size_t first = 0; first < rows.size(); first += 32) {
    const Lanes lanes(rows.begin() + static_cast<std::ptrdiff_t>(first),
                      rows.begin() + static_cast<std::ptrdiff_t>(first + 32));
    for (unsigned lane = 0; lane < 32; ++lane) {
      ASSERT_EQ(results[first + lane], has(mask, lane) ? of(lanes, lane) : 0)
          << body << " lane " << lane << " of " << std::hex << mask;
    }
  }
}

/// Warps of random operands; the first few hold small numbers, so that lanes agree and differ.
std::vector<Row> random_warps(std::size_t warps, std::size_t operands) {
  std::mt19937_64 random(5);
  std::vector<Row> rows;
  for (std::size_t warp = 0; warp < warps; ++warp) {
    for (unsigned lane = 0; lane < 32; ++lane) {
      Row row;
      for (std::size_t operand = 0; operand < operands; ++operand)
        row.push_back(warp < 6 ? random() % (warp + 1) : random());
      rows.push_back(row);
    }
  }
  return rows;
}

/// PTX ISA, shfl.sync: the lane read, and whether it lies in range.
std::pair<unsigned, bool> shuffled(const std::string& mode, unsigned lane, std::uint64_t b, std::uint64_t c) {
  const int offset = static_cast<int>(b & 31), clamp = static_cast<int>(c & 31);
  const int segment = static_cast<int>(c >> 8 & 31), self = static_cast<int>(lane);
  const int most = (self & segment) | (clamp & ~segment), least = self & segment;
  int from = self + offset;
  if (mode == "up") from = self - offset;
  if (mode == "bfly") from = self ^ offset;
  if (mode == "idx") from = least | (offset & ~segment);
  const bool is_in_range = mode == "up" ? from >= most : from <= most;
  return {is_in_range ? static_cast<unsigned>(from) : lane, is_in_range};
}

TEST(PtxWarpOpcode, Shuffles) {
  const std::vector<Row> rows = random_warps(64, 3);
  for (const std::string mode : {"up", "down", "bfly", "idx"}) {
    const auto truth = [&](const Lanes& lanes, unsigned lane) {
      const auto [from, is_in_range] = shuffled(mode, lane, lanes[lane][1], lanes[lane][2]);
      return (lanes[from][0] & 0xffffffff) | std::uint64_t{is_in_range} << 32;
    };
    expect_warp(
        "shfl.sync." + mode + ".b32 %y1|p0, %a, %b, %c, -1; selp.u32 %y2, 1, 0, p0; mov.b64 %t, {%y1, %y2};",
        4, 8, 0xffffffff, rows, truth);
    // Widths as __shfl_*_sync makes them of 1, 2, … 32 lanes, and every distance.
    for (unsigned width = 1; width <= 32; width *= 2) {
      const unsigned control = (32 - width) << 8 | (mode == "up" ? 0 : 31);
      for (unsigned distance = 0; distance < 32; ++distance) {
        const std::string operands = std::to_string(distance) + ", " + std::to_string(control);
        expect_warp("shfl.sync." + mode + ".b32 %t, %a, " + operands + ", 0xffffffff;", 4, 4, 0xffffffff,
                    {rows.end() - 32, rows.end()}, [&](const Lanes& lanes, unsigned lane) {
                      return lanes[shuffled(mode, lane, distance, control).first][0] & 0xffffffff;
                    });
      }
    }
  }
}

/// Lanes of half a warp among themselves.
TEST(PtxWarpOpcode, ShufflesOfSomeLanes) {
  expect_warp("shfl.sync.bfly.b32 %t, %a, 2, 0x1f, 0xaaaaaaaa;", 4, 4, 0xaaaaaaaa, random_warps(8, 1),
              [](const Lanes& lanes, unsigned lane) { return lanes[lane ^ 2][0] & 0xffffffff; });
}

TEST(PtxWarpOpcode, Votes) {
  const std::vector<Row> rows = random_warps(16, 1);
  for (const Mask mask : kMasks) {
    for (const bool is_negated : {false, true}) {
      const auto set = [&](const Lanes& lanes) {
        Mask result = 0;
        for (unsigned lane = 0; lane < 32; ++lane) {
          if (has(mask, lane) && ((lanes[lane][0] & 1) != 0) != is_negated) result |= 1U << lane;
        }
        return result;
      };
      const std::string test = "and.b32 %y1, %a, 1; setp.ne.u32 p0, %y1, 0; ";
      const std::string end = std::string(is_negated ? ", !p0" : ", p0") + ", %y6;";
      const auto expect = [&](const std::string& mode, auto of) {
        expect_warp(test + "vote.sync." + mode + ".pred p1" + end + " selp.u32 %t, 1, 0, p1;", 4, 4, mask,
                    rows,
                    [&](const Lanes& lanes, unsigned) { return static_cast<std::uint64_t>(of(set(lanes))); });
      };
      expect("all", [&](Mask s) { return s == mask; });
      expect("any", [&](Mask s) { return s != 0; });
      expect("uni", [&](Mask s) { return s == mask || s == 0; });
      expect_warp(test + "vote.sync.ballot.b32 %t" + end, 4, 4, mask, rows,
                  [&](const Lanes& lanes, unsigned) { return set(lanes); });
    }
  }
  cover("vote");
}

template <class T>
void expect_matches(const std::string& type) {
  const std::vector<Row> rows = random_warps(12, 1);
  cover("match");
  for (const Mask mask : kMasks) {
    const auto same = [&](const Lanes& lanes, unsigned lane) {
      Mask result = 0;
      for (unsigned other = 0; other < 32; ++other) {
        if (has(mask, other) && static_cast<T>(lanes[other][0]) == static_cast<T>(lanes[lane][0]))
          result |= 1U << other;
      }
      return result;
    };
    expect_warp("match.any.sync" + type + " %t, %a, %y6;", sizeof(T), 4, mask, rows,
                [&](const Lanes& lanes, unsigned lane) { return same(lanes, lane); });
    expect_warp("match.all.sync" + type + " %y1|p0, %a, %y6; selp.u32 %y2, 1, 0, p0; mov.b64 %t, {%y1, %y2};",
                sizeof(T), 8, mask, rows, [&](const Lanes& lanes, unsigned lane) {
                  return same(lanes, lane) == mask ? mask | std::uint64_t{1} << 32 : 0;
                });
  }
}

TEST(PtxWarpOpcode, Matches) {
  expect_matches<std::uint32_t>(".b32");
  expect_matches<std::uint64_t>(".b64");
}

template <class T>
void expect_reduction(const std::string& instruction, std::function<T(T, T)> combine) {
  for (const Mask mask : kMasks) {
    expect_warp("redux.sync." + instruction + " %t, %a, %y6;", 4, 4, mask, random_warps(12, 1),
                [&](const Lanes& lanes, unsigned) {
                  bool is_first = true;
                  T total{};
                  for (unsigned lane = 32; lane-- > 0;) {
                    if (!has(mask, lane)) continue;
                    const T value = static_cast<T>(lanes[lane][0]);
                    total = is_first ? value : combine(total, value);
                    is_first = false;
                  }
                  return static_cast<std::uint32_t>(total);
                });
  }
}

TEST(PtxWarpOpcode, Reductions) {
  using U = std::uint32_t;
  using S = std::int32_t;
  expect_reduction<U>("add.u32", [](U a, U b) { return a + b; });
  expect_reduction<S>("add.s32",
                      [](S a, S b) { return static_cast<S>(static_cast<U>(a) + static_cast<U>(b)); });
  expect_reduction<U>("min.u32", [](U a, U b) { return std::min(a, b); });
  expect_reduction<U>("max.u32", [](U a, U b) { return std::max(a, b); });
  expect_reduction<S>("min.s32", [](S a, S b) { return std::min(a, b); });
  expect_reduction<S>("max.s32", [](S a, S b) { return std::max(a, b); });
  expect_reduction<U>("and.b32", [](U a, U b) { return a & b; });
  expect_reduction<U>("or.b32", [](U a, U b) { return a | b; });
  expect_reduction<U>("xor.b32", [](U a, U b) { return a ^ b; });
  cover("redux");
}

TEST(PtxWarpOpcode, Leaders) {
  const std::vector<Row> rows = random_warps(2, 1);
  for (const Mask mask : kMasks) {
    expect_warp("elect.sync %y1|p0, %y6; selp.u32 %y2, 1, 0, p0; mov.b64 %t, {%y1, %y2};", 4, 8, mask, rows,
                [&](const Lanes&, unsigned lane) {
                  const auto leader = static_cast<unsigned>(std::countr_zero(mask));
                  return leader | std::uint64_t{lane == leader} << 32;
                });
    // Which lanes are together is the scheduler's choice: at least the one that asks, and none that is away.
    expect_warp(
        "activemask.b32 %y1; mov.u32 %y2, %lanemask_eq; and.b32 %y2, %y1, %y2; setp.ne.u32 p0, %y2, 0;"
        "not.b32 %y3, %y6; and.b32 %y3, %y1, %y3; setp.eq.and.u32 p0, %y3, 0, p0; selp.u32 %t, 1, 0, p0;",
        4, 4, mask, rows, [](const Lanes&, unsigned) { return 1; });
    expect_warp("bar.warp.sync %y6; mov.u32 %t, 7;", 4, 4, mask, rows,
                [](const Lanes&, unsigned) { return 7; });
  }
  for (const char* opcode : {"elect", "activemask"}) cover(opcode);
}

TEST(PtxWarpOpcode, ReductionsOfBarriers) {
  const std::vector<Row> rows = random_warps(12, 1);
  struct Form {
    const char *bar, *aligned;
  };
  for (const auto& [bar, aligned] :
       {Form{"bar.", ""}, Form{"barrier.cta.", ".aligned"}, Form{"barrier.", ""}}) {
    for (const bool is_negated : {false, true}) {
      const auto count = [&](const Lanes& lanes) {
        return std::count_if(lanes.begin(), lanes.end(),
                             [&](const Row& row) { return ((row[0] & 1) != 0) != is_negated; });
      };
      const std::string test = "and.b32 %y1, %a, 1; setp.ne.u32 p0, %y1, 0; ";
      const std::string operand = is_negated ? ", 0, !p0;" : ", 0, p0;";
      expect_warp(test + bar + "red.popc" + aligned + ".u32 %t" + operand, 4, 4, 0xffffffff, rows,
                  [&](const Lanes& lanes, unsigned) { return static_cast<std::uint64_t>(count(lanes)); });
      expect_warp(test + bar + "red.and" + aligned + ".pred p1" + operand + " selp.u32 %t, 1, 0, p1;", 4, 4,
                  0xffffffff, rows, [&](const Lanes& lanes, unsigned) { return count(lanes) == 32 ? 1 : 0; });
      expect_warp(test + bar + "red.or" + aligned + ".pred p1" + operand + " selp.u32 %t, 1, 0, p1;", 4, 4,
                  0xffffffff, rows, [&](const Lanes& lanes, unsigned) { return count(lanes) > 0 ? 1 : 0; });
    }
    const std::string sync = std::string(bar) + "sync" + aligned + " 0; mov.u32 %t, 7;";
    expect_warp(sync, 4, 4, 0xffffffff, rows, [](const Lanes&, unsigned) { return 7; });
    cover(bar);
  }
}

/// Loops of different lengths per lane, with jumps under predicates of both signs, and lanes that end early.
TEST(PtxWarpOpcode, ControlFlow) {
  const std::vector<Row> rows = random_warps(12, 1);
  expect_warp(
      "and.b32 %y1, %a, 15; mov.u32 %t, 1;\n"
      "LOOP: setp.gt.u32 p0, %y1, 0; @!p0 bra.uni DONE; add.u32 %t, %t, %t; sub.u32 %y1, %y1, 1; @p0 bra "
      "LOOP;\n"
      "DONE: nanosleep.u32 20;",
      4, 4, 0xfffffffe, rows, [](const Lanes& lanes, unsigned lane) { return 1U << (lanes[lane][0] & 15); });
  for (const char* end : {"ret", "exit", "ret.uni"}) {
    expect_warp("mov.u32 %t, 5; st.global.b32 [%to], %t; setp.eq.u32 p0, %a, %a; @p0 " + std::string(end) +
                    "; mov.u32 %t, 6;",
                4, 4, 0x0000ffff, rows, [](const Lanes&, unsigned) { return 5; });
    cover(end);
  }
  for (const char* opcode : {"bra", "nanosleep"}) cover(opcode);
}

/// Clocks grow from one reading to the next.
TEST(PtxWarpOpcode, Clocks) {
  const std::vector<Row> rows = random_warps(1, 1);
  for (const std::string body :
       {"mov.u32 %y1, %clock; mov.u32 %y2, %clock; sub.u32 %y2, %y2, %y1; setp.gt.s32 p0, %y2, 0; selp.b32 "
        "%t, 1, 0, p0;",
        "mov.u64 %z1, %clock64; mov.u64 %z2, %clock64; setp.gt.u64 p0, %z2, %z1; selp.b32 %t, 1, 0, p0;",
        "mov.u64 %z1, %globaltimer; mov.u64 %z2, %globaltimer; setp.ge.u64 p0, %z2, %z1; selp.b32 %t, 1, 0, "
        "p0;"}) {
    expect_warp(body, 4, 4, ~0U, rows, [](const Lanes&, unsigned) { return 1U; });
  }
}

}  // namespace
}  // namespace perceptron::ptx
