// The proof of which code ran: every target of the CPU is named in plans, is one that the processor has, and
// fuses its multiply-adds.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "perceptron/engine.hpp"
#include "src/cpu/cpu_device.hpp"
#include "src/cpu/targets.hpp"
#include "tests/support/far_apart.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron {
namespace {

using test::random_model;

class Target : public testing::TestWithParam<std::string> {
 protected:
  Options options() const {
    Options options;
    options.device = GetParam();
    options.threads = 1;
    return options;
  }
};

// (1 + 2^-12)² − 1 is 2^-11 + 2^-24 with one rounding and 2^-11 with two; likewise 2^-26 + 2^-54 in f64.
TEST_P(Target, ProductsAreFused) {
  const auto probe = [this]<class T>(T step, T fused) {
    const T factor = 1 + step;
    for (const std::int64_t outputs : {1, 2, 40}) {
      for (const std::int64_t rows : {1, 64}) {
        std::vector<T> x, w;
        for (std::int64_t row = 0; row < rows; ++row) x.insert(x.end(), {1, factor});
        for (std::int64_t output = 0; output < outputs; ++output) w.insert(w.end(), {-1, factor});
        std::vector<T> y(static_cast<std::size_t>(rows * outputs));
        Engine engine(Model({Layer{ConstMatrixView(w.data(), outputs, 2), {}, {}}}), options());
        engine.run(ConstMatrixView(x.data(), rows, 2), MatrixView(y.data(), rows, outputs));
        for (const T value : y) ASSERT_EQ(value, fused) << rows << " rows, " << outputs << " outputs";
      }
    }
  };
  probe(0x1p-12F, 0x1p-11F + 0x1p-24F);
  probe(0x1p-27, 0x1p-26 + 0x1p-54);
}

/// Both kernels, by one row and by many, in every dtype.
TEST_P(Target, RowsFarApart) {
  std::uint64_t seed = 1;
  for (const char* text :
       {"2@3x37x5:f32:relu", "1x300x40:f32:relu", "40x9x3:f32:tanh", "5x20x40:f32:softmax"}) {
    for (const DTypeTraits& dtype : kDTypes) {
      Problem problem = Problem::parse(text);
      problem.dtype = problem.output_dtype = dtype.dtype;
      for (const std::int64_t stride : test::kFarStrides)
        test::expect_same_bits_far_apart(problem, stride, GetParam(), ++seed);
    }
  }
}

TEST_P(Target, ThePlanNamesTheTargetAndBothKernels) {
  const std::string expected = GetParam() == "cpu" ? cpu::cpu_devices().at(1).name : GetParam();
  const auto kernel = [&](std::int64_t outputs, std::int64_t rows) {
    const Plan plan = Engine(random_model({{20, outputs}, "relu"}, 1), options()).plan(rows);
    EXPECT_EQ(plan.device, expected);
    return plan.layers.at(0).kernel;
  };
  EXPECT_EQ(kernel(2, 200), expected + "/row_lane");
  EXPECT_EQ(kernel(40, 200), expected + "/tile");
  EXPECT_EQ(kernel(40, 1), expected + "/tile");
}

std::vector<std::string> device_names() {
  std::vector<std::string> names;
  for (const DeviceInfo& device : cpu::cpu_devices()) names.push_back(device.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Devices, Target, testing::ValuesIn(device_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), ':', '_');
  return name;
});

TEST(Targets, AreDistinctAndOfTheirWidth) {
  const std::map<std::string, int> lanes = {{"avx512", 16}, {"avx2", 8}, {"neon", 4}, {"portable", 1}};
  std::set<std::string> names;
  std::set<const void*> functions;
  for (const cpu::KernelTable* table : cpu::targets()) {
    ASSERT_TRUE(lanes.contains(table->target)) << table->target;
    EXPECT_EQ(table->f32.lanes, lanes.at(table->target)) << table->target;
    EXPECT_EQ(table->f64.lanes, std::max(1, table->f32.lanes / 2)) << table->target;
    EXPECT_EQ(cpu::find_target(table->target), table);
    names.insert(table->target);
    functions.insert(reinterpret_cast<const void*>(table->f32.row_softmax));
  }
  EXPECT_EQ(names.size(), cpu::targets().size());
  EXPECT_EQ(functions.size(), cpu::targets().size()) << "two targets share their code";
  EXPECT_EQ(std::string(cpu::targets().back()->target), "portable");
  EXPECT_EQ(cpu::find_target("sse4"), nullptr);
}

TEST(Targets, AreTheDevices) {
  const std::vector<DeviceInfo> all = cpu::cpu_devices();
  EXPECT_EQ(devices().front().name, all.front().name);
  ASSERT_EQ(all.size(), cpu::targets().size() + 1);
  EXPECT_EQ(all[0].name, "cpu");
  EXPECT_EQ(all[0].lanes_f32, cpu::targets().front()->f32.lanes);
  for (std::size_t index = 0; index < all.size(); ++index) {
    EXPECT_EQ(all[index].is_default, index == 0);
    EXPECT_FALSE(all[index].description.empty());
    const bool is_first = index == 0;
    EXPECT_EQ(all[index].name, is_first ? "cpu" : fmt::format("cpu:{}", cpu::targets()[index - 1]->target));
  }
}

#if defined(__x86_64__)
TEST(Targets, AreThoseOfTheProcessor) {
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512vl");
  EXPECT_EQ(cpu::find_target("avx512") != nullptr, has_avx512);
  EXPECT_EQ(cpu::find_target("avx2") != nullptr, has_avx2);
  EXPECT_EQ(cpu::find_target("neon"), nullptr);
}
#endif

}  // namespace
}  // namespace perceptron
