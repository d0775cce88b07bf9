// The machine runs kernels that nobody here wrote, as their authors and the C++ standard library expect:
// CUB's block algorithms and the kernels of its DeviceReduce and DeviceScan, under many seeds, and what nvcc
// itself makes of a division of 128-bit integers.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "src/ptx/machine.hpp"
#include "src/ptx/program.hpp"
#include "tests/ptx/foreign.hpp"

namespace perceptron::foreign {
namespace {

constexpr std::uint64_t kSeeds = 50;

const ptx::Image& image() {
  static const ptx::Image kImage = [] {
    std::ifstream file(PERCEPTRON_TEST_PTX_DIR "/foreign.ptx");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    return ptx::Image(text, "foreign.ptx", PtxRounding::approximate);
  }();
  return kImage;
}

template <class T>
ptx::DeviceAddress upload(ptx::Memory& memory, const std::vector<T>& values, const char* name) {
  const ptx::DeviceAddress address = memory.allocate(values.size() * sizeof(T), name);
  memory.write(address, std::as_bytes(std::span(values)));
  memory.protect(address);
  return address;
}

/// Operands of foreign.cu's entries. Integers: so there is one right answer.
struct Operands {
  explicit Operands(std::size_t count) : keys(count), values(count) {
    std::mt19937 random(7);
    for (std::int32_t& key : keys) key = static_cast<std::int32_t>(random());
    for (std::int64_t& value : values) value = static_cast<std::int64_t>(random()) * 77777;
  }
  std::vector<std::int32_t> keys, sorted_keys;
  std::vector<std::int64_t> values, sums;

  void run(const char* entry, std::uint32_t blocks, std::uint64_t seed) {
    ptx::Memory memory;
    sorted_keys.assign(keys.size(), 0);
    sums.assign(values.size(), 0);
    const ptx::DeviceAddress to_keys = memory.allocate(keys.size() * sizeof(std::int32_t), "sorted keys");
    const ptx::DeviceAddress to_sums = memory.allocate(values.size() * sizeof(std::int64_t), "sums");
    Arguments arguments;
    arguments.keys = reinterpret_cast<const std::int32_t*>(upload(memory, keys, "keys"));
    arguments.values = reinterpret_cast<const std::int64_t*>(upload(memory, values, "values"));
    arguments.sorted_keys = reinterpret_cast<std::int32_t*>(to_keys);
    arguments.sums = reinterpret_cast<std::int64_t*>(to_sums);
    arguments.count = static_cast<std::int32_t>(keys.size());
    kernels::Launch launch;
    launch.grid = {blocks, 1, 1};
    launch.block = {kThreads, 1, 1};
    launch.arguments = kernels::ArgumentBytes(arguments);
    ptx::run(image().program(entry), launch, memory, {.seed = seed});
    memory.read(to_keys, std::as_writable_bytes(std::span(sorted_keys)));
    memory.read(to_sums, std::as_writable_bytes(std::span(sums)));
  }
};

/// It reads the carries of differences by addc, and divides by way of rcp.approx.
TEST(Nvcc, DividesLongIntegers) {
  Operands operands(1000);
  operands.run("divide_long_integers", 8, 1);
  for (std::size_t index = 0; index < operands.keys.size(); ++index) {
    const unsigned __int128 key = static_cast<std::uint32_t>(operands.keys[index]);
    const unsigned __int128 value = static_cast<std::uint64_t>(operands.values[index]);
    const unsigned __int128 numerator = value * value * key, divisor = (key << index % 91) | 1;
    ASSERT_EQ(operands.sums[index], static_cast<std::int64_t>(numerator / divisor)) << index;
    ASSERT_EQ(operands.sorted_keys[index], static_cast<std::int32_t>(numerator % divisor)) << index;
  }
}

class BlockReduce : public testing::TestWithParam<const char*> {};

TEST_P(BlockReduce, IsTheSum) {
  Operands operands(3 * kThreads - 41);
  std::vector<std::int64_t> expected(operands.values.size(), 0);
  for (std::size_t i = 0; i < operands.values.size(); ++i) expected[i / kThreads] += operands.values[i];
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    operands.run(GetParam(), 3, seed);
    ASSERT_EQ(operands.sums, expected) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Cub, BlockReduce,
                         testing::Values("reduce_raking", "reduce_raking_commutative", "reduce_warps"),
                         [](const auto& info) { return std::string(info.param); });

class BlockScan : public testing::TestWithParam<const char*> {};

TEST_P(BlockScan, IsTheExclusiveSum) {
  Operands operands(kThreads * kItems - 3);
  std::vector<std::int32_t> expected(operands.keys.size());
  std::transform_exclusive_scan(operands.keys.begin(), operands.keys.end(), expected.begin(),
                                std::uint32_t{0}, std::plus<>(),
                                [](std::int32_t key) { return static_cast<std::uint32_t>(key); });
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    operands.run(GetParam(), 1, seed);
    ASSERT_EQ(operands.sorted_keys, expected) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Cub, BlockScan, testing::Values("scan_raking", "scan_raking_memoize", "scan_warps"),
                         [](const auto& info) { return std::string(info.param); });

TEST(BlockRadixSort, SortsPairs) {
  Operands operands(kThreads * kItems);
  std::vector<std::size_t> order(operands.keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return operands.keys[a] < operands.keys[b]; });
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    operands.run("sort_pairs", 1, seed);
    for (std::size_t i = 0; i < order.size(); ++i) {
      ASSERT_EQ(operands.sorted_keys[i], operands.keys[order[i]]) << "seed " << seed << ", element " << i;
      ASSERT_EQ(operands.sums[i], operands.values[order[i]]) << "seed " << seed << ", element " << i;
    }
  }
}

TEST(BlockBarrier, OrdersTurns) {
  Operands operands(kThreads * kItems);
  const std::vector<std::int32_t> expected(operands.keys.rbegin(), operands.keys.rend());
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    operands.run("reverse_by_barrier", 1, seed);
    ASSERT_EQ(operands.sorted_keys, expected) << "seed " << seed;
  }
}

/// The entry whose mangled name holds the word.
const ptx::Program& entry_with(std::string_view word) {
  for (const std::string_view name : image().entries()) {
    if (name.find(word) != std::string_view::npos) return image().program(name);
  }
  throw std::runtime_error("no such entry");
}

/// Parameters of DeviceReduceKernel; `share` has the layout of cub::GridEvenShare<int>. Empty functors take a
/// byte.
struct [[gnu::packed]] ReduceParameters {
  ptx::DeviceAddress in, out;
  std::int32_t count;
  std::array<std::int32_t, 10> share;
  std::uint8_t reduction, transform;
};

struct [[gnu::packed]] SingleTileParameters {
  ptx::DeviceAddress in, out;
  std::int32_t count;
  std::uint8_t reduction, padding[3];
  std::int32_t initial;
  std::uint8_t transform;
};

/// As GridEvenShare::DispatchInit makes it.
std::array<std::int32_t, 10> share_out(std::int32_t count, std::int32_t blocks, std::int32_t tile_items) {
  const std::int32_t tiles = (count + tile_items - 1) / tile_items, average = tiles / blocks;
  const std::int32_t big = tiles - average * blocks, normal_items = average * tile_items;
  return {tiles, big, normal_items + tile_items, normal_items, big * tile_items, count, blocks, count,
          count, 0};
}

TEST(DeviceReduce, SumsInTwoPasses) {
  const ptx::Program& first = entry_with("DeviceReduceKernel");
  const ptx::Program& second = entry_with("DeviceReduceSingleTileKernel");
  const auto threads = static_cast<std::uint32_t>(first.max_threads);
  constexpr std::int32_t kItemsPerThread = 16, kInitial = 5;
  constexpr std::uint32_t kBlocks = 3;
  const Operands operands(threads * kItemsPerThread * 4 + 777);
  const auto count = static_cast<std::int32_t>(operands.keys.size());
  std::uint32_t expected = kInitial;
  for (const std::int32_t key : operands.keys) expected += static_cast<std::uint32_t>(key);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ptx::Memory memory;
    const ptx::DeviceAddress keys = upload(memory, operands.keys, "keys");
    const ptx::DeviceAddress partial = memory.allocate(kBlocks * sizeof(std::int32_t), "partial sums");
    const ptx::DeviceAddress sum = memory.allocate(sizeof(std::int32_t), "sum");
    const auto tile_items = static_cast<std::int32_t>(threads) * kItemsPerThread;
    const ReduceParameters reduce{keys, partial, count, share_out(count, kBlocks, tile_items), 0, 0};
    kernels::Launch launch;
    launch.grid = {kBlocks, 1, 1};
    launch.block = {threads, 1, 1};
    launch.arguments = kernels::ArgumentBytes(reduce);
    ptx::run(first, launch, memory, {.seed = seed});
    launch.grid = {};
    launch.arguments =
        kernels::ArgumentBytes(SingleTileParameters{partial, sum, kBlocks, 0, {}, kInitial, 0});
    ptx::run(second, launch, memory, {.seed = seed});
    std::uint32_t result = 0;
    memory.read(sum, std::as_writable_bytes(std::span(&result, 1)));
    ASSERT_EQ(result, expected) << "seed " << seed;
  }
}

/// Parameters of DeviceScanKernel. `initial` has the layout of cub::detail::InputValue<int>.
struct [[gnu::packed]] ScanParameters {
  ptx::DeviceAddress in, out, tiles;
  std::int32_t first_tile;
  std::uint8_t scan, padding[3];
  std::array<std::int32_t, 4> initial;
  std::int32_t count;
};

/// Tiles of one pass tell the next ones their sums by flags: "decoupled look-back".
class DeviceScan : public testing::TestWithParam<int> {};

TEST_P(DeviceScan, IsTheExclusiveSum) {
  const ptx::Program& prepare = entry_with("DeviceScanInitKernel");
  const ptx::Program& scan = entry_with("DeviceScanKernel");
  const auto threads = static_cast<std::uint32_t>(scan.max_threads);
  constexpr std::uint32_t kItemsPerThread = 24, kTiles = 5, kPadding = 32;
  constexpr std::int32_t kInitial = 11;
  const Operands operands(std::size_t{threads} * kItemsPerThread * (kTiles - 1) + 77);
  std::vector<std::int32_t> expected(operands.keys.size()), sums(operands.keys.size());
  std::transform_exclusive_scan(operands.keys.begin(), operands.keys.end(), expected.begin(),
                                std::uint32_t{kInitial}, std::plus<>(),
                                [](std::int32_t key) { return static_cast<std::uint32_t>(key); });
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ptx::Memory memory;
    const ptx::DeviceAddress keys = upload(memory, operands.keys, "keys");
    const ptx::DeviceAddress tiles = memory.allocate((kTiles + kPadding) * sizeof(std::int64_t), "tiles");
    const ptx::DeviceAddress out = memory.allocate(sums.size() * sizeof(std::int32_t), "sums");
    struct {
      ptx::DeviceAddress tiles;
      std::int32_t count;
    } const preparation{tiles, kTiles};
    kernels::Launch launch;
    launch.block = {threads, 1, 1};
    launch.arguments = kernels::ArgumentBytes(std::as_bytes(std::span(&preparation, 1)).first(12));
    ptx::run(prepare, launch, memory, {.seed = seed});
    launch.grid = {kTiles, 1, 1};
    launch.arguments = kernels::ArgumentBytes(ScanParameters{
        keys, out, tiles, 0, 0, {}, {0, 0, kInitial, 0}, static_cast<std::int32_t>(sums.size())});
    ptx::run(scan, launch, memory, {.seed = seed, .threads = GetParam()});
    memory.read(out, std::as_writable_bytes(std::span(sums)));
    ASSERT_EQ(sums, expected) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Cub, DeviceScan, testing::Values(1, 2),
                         [](const auto& info) { return fmt::format("{}_blocks_at_once", info.param); });

}  // namespace
}  // namespace perceptron::foreign
