// Every kernel entry against the reference, bit for bit: a sample in which every entry meets every
// activation, output dtype, kind of data and class of remainder. The coverage is printed and checked. The PTX
// machine executes the entries' PTX, a GPU their machine code (kernel_device.hpp); a failing case names the
// device, and the machine's "@SEED" repeats the run.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/families.hpp"
#include "tests/conformance/kernel_device.hpp"
#include "tests/support/far_apart.hpp"
#include "tests/support/random_problem.hpp"
#include "tests/support/same_bits.hpp"

namespace perceptron::test {
namespace {

/// One way in which a case may differ from another, and the names of what it can be.
struct Feature {
  std::string_view name;
  std::vector<std::string> values;
};

/// Sizes around a tile's edge: one, one less, the tile, one more, more than two and odd.
std::vector<std::int64_t> sizes_around(std::int64_t tile, std::int64_t most) {
  std::set<std::int64_t> sizes{1, tile - 1, tile, tile + 1, 2 * tile + 3};
  std::vector<std::int64_t> kept;
  for (const std::int64_t size : sizes) {
    if (size >= 1 && size <= most) kept.push_back(size);
  }
  return kept;
}

constexpr std::array<std::int64_t, 13> kInputs{1, 2, 3, 7, 16, 17, 33, 64, 255, 256, 257, 300, 523};
constexpr std::array kLayouts{Layout{0, 0, 0, 0}, Layout{4, 0, 3, 0}, Layout{3, 5, 7, 1}, Layout{0, 1, 0, 3},
                              Layout{8, 2, 0, 2}};
constexpr std::array kData{Data::normal, Data::wide_range, Data::specials, Data::normal, Data::subnormal};
enum class Groups { one, own, shared_x };
constexpr std::array kGroups{Groups::one, Groups::own, Groups::shared_x};

/// What has been met, per entry.
class Coverage {
 public:
  void meet(std::string_view entry, std::string_view feature, const std::string& value) {
    met_[std::string(entry)][std::string(feature)].insert(value);
  }
  void expect(std::string_view entry, std::string_view feature, std::size_t values) {
    const std::size_t found = met_[std::string(entry)][std::string(feature)].size();
    EXPECT_EQ(found, values) << entry << " has not met every " << feature;
    table_[std::string(entry)] += fmt::format(" {}/{}", found, values);
  }
  void print(std::string_view heading) const {
    std::string text(heading);
    for (const auto& [entry, counts] : table_) text += fmt::format("\n{:<28}{}", entry, counts);
    fmt::print("{}\n", text);
  }

 private:
  std::map<std::string, std::map<std::string, std::set<std::string>>> met_;
  std::map<std::string, std::string> table_;
};

/// Cases enough that every pair of a feature's value and an activation comes up for the shorter features.
constexpr std::size_t kCases = 90;

struct Case {
  Problem problem;
  Layout layout;
  Data data;
};

class Sample {
 public:
  Sample(const kernels::Candidate& candidate, DType storage, Coverage& coverage)
      : candidate_(candidate),
        storage_(storage),
        coverage_(coverage),
        rows_(accepted(&Problem::rows, sizes_around(candidate.tile_rows, 1100))),
        outputs_(accepted(&Problem::outputs, sizes_around(candidate.tile_outputs, 300))),
        inputs_(accepted(&Problem::inputs, {kInputs.begin(), kInputs.end()})) {}

  std::string_view entry() const { return candidate_.entry(storage_); }
  bool is_empty() const { return entry().empty() || rows_.empty() || outputs_.empty() || inputs_.empty(); }

  /// The features step through their values at different paces.
  Case make(std::size_t index) {
    Case made;
    Problem& problem = made.problem;
    const Groups groups = kGroups[(index / 2) % kGroups.size()];
    problem.groups = groups == Groups::one ? 1 : 2 + static_cast<std::int64_t>(index % 2);
    problem.shared_x = groups == Groups::shared_x;
    problem.rows = pick(rows_, index + index / rows_.size(), "rows");
    problem.outputs = pick(outputs_, 2 * index + index / outputs_.size(), "outputs");
    problem.inputs = pick(inputs_, 5 * index + index / inputs_.size(), "inputs");
    problem.dtype = storage_;
    problem.output_dtype = static_cast<DType>((index + index / 4) % kDTypes.size());
    const std::size_t activation = index % kActivations.size();
    problem.activation = static_cast<ActivationKind>(activation);
    problem.has_bias = index % 4 != 3;
    const std::size_t layout = (index + index / 7) % kLayouts.size();
    made.layout = kLayouts[layout];
    made.data = kData[(index + index / 11) % kData.size()];
    coverage_.meet(entry(), "activation", std::string(kActivations[activation].name));
    coverage_.meet(entry(), "output dtype", std::string(to_string(problem.output_dtype)));
    coverage_.meet(entry(), "layout", std::to_string(layout));
    coverage_.meet(entry(), "groups", std::to_string(static_cast<int>(groups)));
    coverage_.meet(entry(), "bias", std::to_string(problem.has_bias));
    return made;
  }

  void expect_coverage() {
    coverage_.expect(entry(), "activation", kActivations.size());
    coverage_.expect(entry(), "rows", rows_.size());
    coverage_.expect(entry(), "outputs", outputs_.size());
    coverage_.expect(entry(), "inputs", inputs_.size());
    coverage_.expect(entry(), "output dtype", kDTypes.size());
    coverage_.expect(entry(), "layout", kLayouts.size());
    coverage_.expect(entry(), "groups", kGroups.size());
    coverage_.expect(entry(), "bias", 2);
  }

 private:
  /// Those sizes that the policy does not refuse, the other two being 1.
  std::vector<std::int64_t> accepted(std::int64_t Problem::*size, std::vector<std::int64_t> sizes) const {
    Problem problem;
    problem.dtype = problem.output_dtype = storage_;
    problem.rows = problem.outputs = problem.inputs = 1;
    std::erase_if(sizes, [&](std::int64_t value) {
      problem.*size = value;
      return entry().empty() || candidate_.refusal(problem).has_value();
    });
    return sizes;
  }
  std::int64_t pick(const std::vector<std::int64_t>& sizes, std::size_t index, std::string_view feature) {
    const std::int64_t size = sizes[index % sizes.size()];
    coverage_.meet(entry(), feature, std::to_string(size));
    return size;
  }

  const kernels::Candidate& candidate_;
  DType storage_;
  Coverage& coverage_;
  std::vector<std::int64_t> rows_, outputs_, inputs_;
};

TEST_F(KernelConformance, EveryEntryMeetsEverything) {
  Coverage coverage;
  std::size_t cases = 0;
  std::uint64_t seed = 1;
  for (const kernels::Candidate& candidate : kernels::candidates()) {
    for (const DTypeTraits& dtype : kDTypes) {
      Sample sample(candidate, dtype.dtype, coverage);
      if (sample.is_empty()) continue;
      for (std::size_t index = 0; index < kCases; ++index, ++seed, ++cases) {
        const Case one = sample.make(index);
        RandomProblem data(one.problem, seed, one.layout, one.data);
        const std::string device = kernel_device(&candidate, seed);
        ASSERT_NO_THROW(expect_same_bits(data, device, 1)) << to_string(one.problem) << " on " << device;
      }
      sample.expect_coverage();
    }
  }
  coverage.print(fmt::format(
      "{} cases; met of: activations, rows, outputs, inputs, output dtypes, layouts, groups, bias", cases));
}

/// Every entry once, on sizes with tails and strides: short enough for compute-sanitizer.
TEST_F(KernelConformance, ShortList) {
  Coverage coverage;
  std::uint64_t seed = 200000;
  for (const kernels::Candidate& candidate : kernels::candidates()) {
    for (const DTypeTraits& dtype : kDTypes) {
      Sample sample(candidate, dtype.dtype, coverage);
      if (sample.is_empty()) continue;
      const Case one = sample.make(static_cast<std::size_t>(++seed % kCases));
      RandomProblem data(one.problem, seed, one.layout, one.data);
      ASSERT_NO_THROW(expect_same_bits(data, kernel_device(&candidate, seed), 1)) << to_string(one.problem);
    }
  }
}

/// Every residue of small tiles, all edges of the thread tile included.
TEST_F(KernelConformance, EveryResidueOfTheSmallTiles) {
  std::uint64_t seed = 100000;
  for (const kernels::Candidate& candidate : kernels::candidates()) {
    if (candidate.entry(DType::f32).empty() || candidate.tile_rows > 40 || candidate.tile_outputs > 40)
      continue;
    for (std::int64_t size = 1; size <= 40; ++size, ++seed) {
      Problem problem;
      problem.rows = 1 + (size * 7) % candidate.tile_rows;
      problem.outputs = size;
      problem.inputs = 1 + size % 19;
      if (candidate.refusal(problem)) continue;
      RandomProblem data(problem, seed, {1, 2, 3, 0});
      const std::string device = kernel_device(&candidate, seed);
      ASSERT_NO_THROW(expect_same_bits(data, device, 1)) << to_string(problem) << " on " << device;
    }
  }
}

/// Every entry, and `pack`, with rows too far apart for 32 bits: within a tile, and from tile to tile. Only
/// where rows keep their strides: a GPU gets host arrays without gaps.
TEST_F(KernelConformance, RowsFarApart) {
  if (!kernel_device(nullptr, 0).starts_with("ptx")) GTEST_SKIP() << "for the PTX machine";
  std::uint64_t seed = 300000;
  for (const kernels::Candidate& candidate : kernels::candidates()) {
    for (const DTypeTraits& dtype : kDTypes) {
      if (candidate.entry(dtype.dtype).empty()) continue;
      Problem problem = Problem::parse("2@3x37x70:f32:relu");
      problem.dtype = problem.output_dtype = dtype.dtype;
      for (const std::int64_t outputs : {5, 1}) {
        if (candidate.refusal(problem)) problem.outputs = outputs;
      }
      if (candidate.refusal(problem)) problem.inputs = 3;  // Policies for short rows.
      ASSERT_FALSE(candidate.refusal(problem)) << candidate.entry(dtype.dtype);
      const std::string device = kernel_device(&candidate, ++seed);
      for (const std::int64_t stride : kFarStrides) expect_same_bits_far_apart(problem, stride, device, seed);
      problem.groups = 1;
      problem.rows = candidate.tile_rows + 2;
      constexpr std::int64_t kMostBytes = std::int64_t{5} << 40;  // With records eight to sixteen times that.
      const std::int64_t bytes = problem.rows * kLeastFarStride * static_cast<std::int64_t>(dtype.bytes);
      if (candidate.refusal(problem) || bytes > kMostBytes) continue;
      expect_same_bits_far_apart(problem, kLeastFarStride, device, seed);
    }
  }
}

/// Blocks on several cores at once find the same bits.
TEST_F(KernelConformance, BlocksRunOnSeveralCores) {
  for (const char* text : {"2@300x70x200:f32:gelu", "2000x31x3:bf16:sigmoid", "3x700x900:f16:tanh"}) {
    RandomProblem data(Problem::parse(text), 7);
    for (const int threads : {1, 2}) expect_same_bits(data, kernel_device(nullptr, 0), threads);
  }
}

}  // namespace
}  // namespace perceptron::test
