#include "tests/faults/kernel.hpp"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <sstream>
#include <stdexcept>

namespace perceptron::faults {
namespace {

constexpr float kUnwritten = std::numeric_limits<float>::quiet_NaN();

std::string contents(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

const ptx::Image& image() {
  static const ptx::Image kImage(contents(PERCEPTRON_TEST_PTX_DIR "/faults.ptx"), "faults.ptx");
  return kImage;
}

float value(std::size_t index) { return static_cast<float>(static_cast<int>(index * 37 % 101) - 50); }

/// 100 rows in two blocks, 37 columns in two parts: both have tails. Three elements of padding per row.
Case row_sum() {
  Case made;
  made.grid = {2, 2, 1};
  made.block = {kThreads, 1, 1};
  made.arguments = {.rows = 100, .columns = 37, .stride = 40};
  made.x.assign(100 * 40, kUnwritten);
  made.expected.assign(2 * 100, 0);
  for (std::size_t row = 0; row < 100; ++row) {
    for (std::size_t column = 0; column < 37; ++column) {
      made.x[row * 40 + column] = value(row * 37 + column);
      made.expected[row * 2 + column / 16 % 2] += value(row * 37 + column);
    }
  }
  for (std::size_t i = made.expected.size(); i-- > 0;) {
    made.expected[i] -= made.expected[i / 2 / kThreads * kThreads * 2 + i % 2];
  }
  return made;
}

/// `chunks` chunks of `width` floats; thread t sums their elements width − 1 − t.
Case ring(std::uint32_t threads, std::size_t chunks, std::size_t width, std::size_t sums) {
  Case made;
  made.block = {threads, 1, 1};
  made.arguments = {.rows = 1, .columns = static_cast<std::int32_t>(chunks * width)};
  made.expected.assign(sums, 0);
  for (std::size_t i = 0; i < chunks * width; ++i) made.x.push_back(value(i));
  for (std::size_t thread = 0; thread < sums; ++thread) {
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
      made.expected[thread] += made.x[chunk * width + width - 1 - thread];
    }
  }
  return made;
}

/// 100 rows of 37 columns and three elements of padding, which are not written.
Case padded_rows() {
  Case made = row_sum();
  made.grid = {2, 1, 1};
  for (std::size_t row = 0; row < 100; ++row) {
    made.expected[row] = std::accumulate(&made.x[row * 40], &made.x[row * 40 + 37], 0.0f);
  }
  made.expected.resize(100);
  return made;
}

/// The same rows; 36 in the second block, the last four of them in a warp of their own.
Case early_return() {
  Case made = padded_rows();
  for (std::size_t row = 0; row < 100; ++row) {
    const std::size_t mirrored = row < kThreads ? kThreads - 1 - row : 99 + kThreads - row;
    made.expected[row] = made.x[mirrored * 40] + (row < 96 ? 32.0f : 4.0f);
  }
  return made;
}

/// 240 columns: the last four threads have nothing to read.
Case half_warp_sum() {
  Case made;
  made.block = {kThreads, 1, 1};
  made.arguments = {.rows = 1, .columns = 4 * kThreads - 16};
  for (std::size_t i = 0; i < 4 * kThreads - 16; ++i) made.x.push_back(value(i));
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    float sum = 0;
    for (std::size_t i = thread / 16 * 64; i < std::min(thread / 16 * 64 + 64, made.x.size()); ++i) {
      sum += made.x[i];
    }
    made.expected.push_back(sum);
  }
  return made;
}

/// Six values per thread: its lane, those of four others, its lane.
Case warp_histogram() {
  Case made;
  made.block = {kThreads, 1, 1};
  made.arguments = {.rows = 1, .columns = 6 * kThreads};
  for (std::size_t i = 0; i < 6 * kThreads; ++i) {
    const std::size_t round = i / kThreads;
    made.x.push_back(static_cast<float>((i + (round % 5 == 0 ? 0 : round * round)) % 32));
  }
  made.expected.assign(kThreads, 6);
  return made;
}

Case tickets() {
  Case made;
  made.grid = {3, 1, 1};
  made.block = {kThreads, 1, 1};
  made.arguments = {.rows = 3 * kThreads};
  made.expected.resize(3 * kThreads);
  std::iota(made.expected.begin(), made.expected.end(), 0.0f);
  return made;
}

/// Five blocks; their values, and behind them their sums.
Case last_block() {
  constexpr std::size_t kBlocks = 5;
  Case made;
  made.grid = {kBlocks, 1, 1};
  made.block = {kThreads, 1, 1};
  made.expected.assign((kBlocks + 1) * kThreads, 0);
  for (std::size_t i = 0; i < kBlocks * kThreads; ++i) {
    made.x.push_back(value(i));
    made.expected[i] = 2 * value(i);
    made.expected[kBlocks * kThreads + i % kThreads] += 2 * value(i);
  }
  return made;
}

/// Five blocks; their values, and behind them of each the sums.
Case grid_sums() {
  constexpr std::size_t kBlocks = 5;
  Case made;
  made.grid = {kBlocks, 1, 1};
  made.block = {kThreads, 1, 1};
  made.expected.assign(2 * kBlocks * kThreads, 0);
  for (std::size_t i = 0; i < kBlocks * kThreads; ++i) {
    made.x.push_back(value(i));
    made.expected[i] = 2 * value(i);
    for (std::size_t block = 0; block < kBlocks; ++block) {
      made.expected[(kBlocks + block) * kThreads + i % kThreads] += 2 * value(i);
    }
  }
  return made;
}

Case highest() {
  Case made;
  made.grid = {3, 1, 1};
  made.block = {kThreads, 1, 1};
  for (std::size_t i = 0; i < 3 * kThreads; ++i) made.x.push_back(std::abs(value(7 * i)));
  made.expected = {*std::max_element(made.x.begin(), made.x.end())};
  return made;
}

Case relay() {
  Case made;
  made.grid = {9, 1, 1};
  made.block = {kThreads, 1, 1};
  float sum = 0;
  for (std::size_t block = 0; block < 9; ++block) {
    made.x.push_back(value(block));
    made.expected.push_back(sum += value(block));
  }
  return made;
}

Case warp_flag() {
  Case made;
  made.block = {kThreads, 1, 1};
  for (std::size_t i = 0; i < 32; ++i) made.x.push_back(value(i));
  made.expected = made.x;
  return made;
}

}  // namespace

Case make_case(std::string_view body) {
  if (body == "row_sum") return row_sum();
  if (body == "copy_ring") return ring(kThreads, 7, kChunk, kThreads);
  if (body == "bulk_ring") return ring(kThreads + 32, 7, kChunk, kThreads);
  if (body == "padded_rows") return padded_rows();
  if (body == "early_return") return early_return();
  if (body == "half_warp_sum") return half_warp_sum();
  if (body == "warp_histogram") return warp_histogram();
  if (body == "tickets") return tickets();
  if (body == "last_block") return last_block();
  if (body == "grid_sums") return grid_sums();
  if (body == "highest") return highest();
  if (body == "relay") return relay();
  if (body == "warp_flag") return warp_flag();
  return ring(kThreads, 5, kThreads / 2, kThreads / 2);
}

std::vector<float> run_case(std::string_view entry, const Case& operands, const ptx::RunOptions& options) {
  ptx::Memory memory;
  Arguments arguments = operands.arguments;
  const ptx::DeviceAddress x = memory.allocate(operands.x.size() * sizeof(float), "x");
  for (std::size_t i = 0; i < operands.x.size(); ++i) {
    if (!std::isnan(operands.x[i])) {
      memory.write(x + i * sizeof(float), std::as_bytes(std::span(&operands.x[i], 1)));
    }
  }
  memory.protect(x);
  std::vector<float> result(operands.expected.size());
  const ptx::DeviceAddress y = memory.allocate(result.size() * sizeof(float), "y");
  arguments.x = reinterpret_cast<float*>(x);
  arguments.y = reinterpret_cast<float*>(y);
  kernels::Launch launch;
  launch.grid = operands.grid;
  launch.block = operands.block;
  launch.arguments = kernels::ArgumentBytes(arguments);
  ptx::run(image().program(entry), launch, memory, options);
  memory.read(y, std::as_writable_bytes(std::span(result)));
  return result;
}

std::set<std::string> marked_lines(const std::string& marker) {
  std::set<std::string> lines;
  for (const char* file : {"faults.cu", "flags.cuh"}) {
    std::istringstream text(contents(std::string(PERCEPTRON_FAULTS_DIR "/") + file));
    std::string line, word;
    bool is_marked = false;  // By a comment of its own above.
    for (int number = 1; std::getline(text, line); ++number) {
      std::istringstream words(line);
      const bool is_comment = line.find_first_not_of(' ') == line.find("//");
      while (words >> word) is_marked = is_marked || word == marker;
      if (is_comment || !is_marked) continue;
      lines.insert(fmt::format("{}:{}", file, number));
      is_marked = false;
    }
  }
  return lines;
}

}  // namespace perceptron::faults
