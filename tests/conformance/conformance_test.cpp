// Every device that runs at speed against the reference, bit for bit: one suite, written over the lists of
// devices, dtypes and activations, so that a new entry of any of them is covered without being named here.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include "perceptron/engine.hpp"
#include "tests/support/random_problem.hpp"
#include "tests/support/same_bits.hpp"

namespace perceptron {
namespace {

using test::Data;
using test::expect_same_bits;
using test::Layout;
using test::RandomProblem;

class Conformance : public testing::TestWithParam<std::string> {};

TEST_P(Conformance, EveryDtypeAndOutputDtype) {
  std::uint64_t seed = 1;
  for (const DTypeTraits& in : kDTypes) {
    for (const DTypeTraits& out : kDTypes) {
      for (const char* shape : {"7x300x37", "70x33x5", "33x257x16", "3@19x64x40"}) {
        for (const char* activation : {"relu", "tanh", "softmax"}) {
          const auto problem =
              Problem::parse(fmt::format("{}:{}-{}:{}", shape, in.name, out.name, activation));
          RandomProblem data(problem, seed++);
          expect_same_bits(data, GetParam(), 2);
        }
      }
    }
  }
}

TEST_P(Conformance, EveryActivation) {
  std::uint64_t seed = 1000;
  for (const ActivationTraits& activation : kActivations) {
    for (const char* dtype : {"f32", "f64"}) {
      for (const char* shape : {"37x29x1", "50x65x11", "13x40x70"}) {
        for (const Data kind : {Data::normal, Data::specials, Data::wide_range}) {
          RandomProblem data(Problem::parse(fmt::format("{}:{}:{}", shape, dtype, activation.name)), seed++,
                             {}, kind);
          expect_same_bits(data, GetParam(), 1);
        }
      }
    }
  }
}

TEST_P(Conformance, EveryRemainder) {
  std::uint64_t seed = 2000;
  for (const char* dtype : {"f32", "f64", "bf16"}) {
    for (const std::int64_t inputs :
         {1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 255, 256, 257, 511, 512, 513, 700, 1024, 1025, 2100}) {
      for (const std::int64_t outputs : {1, 2, 3, 4, 5, 8, 10, 12, 13, 15, 16, 17, 31, 32, 33, 65}) {
        for (const std::int64_t rows : {1, 5, 12, 13, 16, 25, 63, 65}) {
          if (inputs > 32 && rows > 25 && outputs > 17) continue;
          Problem problem;
          problem.rows = rows;
          problem.inputs = inputs;
          problem.outputs = outputs;
          problem.dtype = problem.output_dtype = parse_dtype(dtype);
          problem.activation = ActivationKind::relu;
          problem.has_bias = (rows + outputs) % 3 != 0;
          RandomProblem data(problem, seed++);
          expect_same_bits(data, GetParam(), 1);
        }
      }
    }
  }
}

TEST_P(Conformance, StridesAlignmentsGroupsAndSharedInputs) {
  std::uint64_t seed = 3000;
  for (const char* problem : {"40x70x9:f32:sigmoid", "40x70x50:f32:gelu", "5@20x30x40:f32:relu",
                              "5@20x30x3:f16:relu:sharedx", "3@33x300x20:bf16-f32:silu:sharedx:nobias",
                              "2@18x20x12:f64:elu", "100x2x1:f32:identity", "65x3x2:f32:step"}) {
    for (const Layout layout :
         {Layout{1, 0, 0, 0}, Layout{3, 5, 7, 1}, Layout{0, 1, 0, 3}, Layout{0, 0, 0, 5}}) {
      RandomProblem data(Problem::parse(problem), seed++, layout);
      expect_same_bits(data, GetParam(), 2);
    }
  }
}

TEST_P(Conformance, HardData) {
  std::uint64_t seed = 4000;
  for (const char* problem : {"30x600x20:f32:identity", "64x520x7:f32:sigmoid", "30x300x20:f64:identity",
                              "40x100x33:f16:relu", "40x100x3:bf16:identity"}) {
    for (const Data kind : {Data::wide_range, Data::subnormal, Data::specials}) {
      RandomProblem data(Problem::parse(problem), seed++, {}, kind);
      expect_same_bits(data, GetParam(), 1);
    }
  }
}

TEST_P(Conformance, EveryThreadCount) {
  const tbb::global_control more_threads_than_cores(tbb::global_control::max_allowed_parallelism, 7);
  std::uint64_t seed = 5000;
  for (const char* problem :
       {"1x600x3000:f32:relu", "3000x70x40:f32:tanh", "20000x30x3:f32:sigmoid", "40@100x64x32:f32:relu",
        "500x100x300:f32:softmax", "500x100x300:f32-f16:softmax"}) {
    RandomProblem data(Problem::parse(problem), seed++);
    for (const int threads : {1, 2, 3, 7}) expect_same_bits(data, GetParam(), threads);
  }
}

std::vector<std::string> device_names() {
  std::vector<std::string> names;
  // The PTX machine would take an hour; ptx_conformance_test.cpp has a sample for it.
  for (const DeviceInfo& device : devices()) {
    if (device.name != "ptx") names.push_back(device.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Devices, Conformance, testing::ValuesIn(device_names()), [](const auto& info) {
  std::string name = info.param;
  for (char& letter : name) {
    if (letter == ':') letter = '_';
  }
  return name;
});

}  // namespace
}  // namespace perceptron
