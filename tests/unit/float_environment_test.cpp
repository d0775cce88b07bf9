// Callers with another floating-point control word: the contract's bits all the same, and their word is kept,
// on their own thread and on the workers'.
#include <gtest/gtest.h>

#if defined(__SSE2__)

#include <immintrin.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "perceptron/engine.hpp"
#include "perceptron/linear.hpp"
#include "perceptron/matrix.hpp"
#include "perceptron/validate.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron {
namespace {

using test::bytes_of, test::random_matrix, test::random_model, test::reference_output;

constexpr unsigned kDefault = 0x1F80;
constexpr unsigned kFlush = 0x8040;  ///< Flush-to-zero and denormals-are-zero.
constexpr unsigned kUp = 0x4000;     ///< Round towards plus infinity.
constexpr unsigned kDown = 0x2000;
constexpr unsigned kControl = 0xFFC0;  ///< All but the exception flags.

/// Another control word for this thread, until the end of the scope.
class Mode {
 public:
  explicit Mode(unsigned bits) { _mm_setcsr(kDefault | bits); }
  Mode(const Mode&) = delete;
  Mode& operator=(const Mode&) = delete;
  ~Mode() { _mm_setcsr(kDefault); }
};

/// An input whose products with weights near 1 are subnormal, and sums of many roundings beside them.
struct Case {
  Case(DType dtype, std::string_view activations)
      : model(scaled(random_model({{300, 40, 7}, activations, dtype}, 1))),
        x(random_matrix(Matrix(dtype, kRows, 300), 2, dtype == DType::f64 ? 1e-308 : 1e-38)),
        expected(reference_output(x, model, dtype)) {}

  /// Biases as small as the products, so that sums stay subnormal.
  static Model scaled(const Model& source) {
    std::vector<Matrix> biases;
    std::vector<Layer> layers;
    for (std::size_t index = 0; index < source.layer_count(); ++index) {
      layers.push_back(source.layer(index));
      biases.push_back(random_matrix(Matrix(source.dtype(), 1, layers.back().outputs()), 9,
                                     source.dtype() == DType::f64 ? 1e-309 : 1e-39));
      layers.back().bias = std::as_const(biases.back()).view();
    }
    return Model(layers);
  }

  static constexpr std::int64_t kRows = 150;
  Model model;
  Matrix x;
  Matrix expected;
};

class FloatEnvironment : public testing::TestWithParam<unsigned> {};

TEST_P(FloatEnvironment, TheTestDataFeelsIt) {
  const Case data(DType::f32, "identity,identity");
  const auto* values = static_cast<const float*>(data.expected.data());
  EXPECT_GT(std::count_if(values, values + 7 * Case::kRows,
                          [](float y) { return std::fpclassify(y) == FP_SUBNORMAL; }),
            250);
  const Mode mode(GetParam());
  volatile float small = 0x1.8p-127F, one = 1.0F, tiny = 0x1p-30F;
  const bool is_flushed = small * one == 0.0F, is_up = one + tiny > one, is_down = one - tiny < one;
  EXPECT_EQ(is_flushed, (GetParam() & kFlush) != 0);
  EXPECT_EQ(is_up, (GetParam() & kUp) != 0);
  EXPECT_EQ(is_down, (GetParam() & kDown) != 0);
}

TEST_P(FloatEnvironment, BitsAreTheContractsAndTheWordIsKept) {
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {
    for (const char* activations : {"identity,identity", "leaky_relu=0.1,sigmoid", "relu,softmax"}) {
      const Case data(dtype, activations);
      for (const std::string device : {"cpu", "cpu:portable"}) {
        for (const int threads : {1, 2}) {
          Matrix y(dtype, Case::kRows, 7);
          {
            const Mode mode(GetParam());
            Options options;
            options.device = device;
            options.threads = threads;
            Engine engine(data.model, options);
            engine.run(data.x, y);
            EXPECT_EQ(_mm_getcsr() & kControl, kDefault | GetParam());
          }
          ASSERT_EQ(bytes_of(y), bytes_of(data.expected))
              << to_string(dtype) << ' ' << activations << " on " << device;
        }
      }
    }
  }
}

TEST_P(FloatEnvironment, LinearToo) {
  const Case data(DType::f32, "identity");
  Matrix y(DType::f32, Case::kRows, 40);
  {
    const Mode mode(GetParam());
    linear(data.x, data.model.layer(0), y);
    EXPECT_EQ(_mm_getcsr() & kControl, kDefault | GetParam());
  }
  EXPECT_EQ(bytes_of(y), bytes_of(data.expected));
}

TEST_P(FloatEnvironment, ValidateSeesSubnormalBits) {
  Case data(DType::f32, "identity");
  auto* last = static_cast<float*>(data.expected.data()) + 40 * Case::kRows - 1;
  const Layer layer = data.model.layer(0);
  const auto mismatches = [&](unsigned bits, int threads) {
    const Mode mode(bits);
    const std::int64_t count = validate(data.x, data.model, data.expected, threads).mismatches +
                               validate(data.x, layer, data.expected).mismatches;
    EXPECT_EQ(_mm_getcsr() & kControl, kDefault | bits);
    return count;
  };
  for (const int threads : {1, 2}) EXPECT_EQ(mismatches(GetParam(), threads), 0);
  const float before = *last;
  ASSERT_EQ(std::fpclassify(before), FP_SUBNORMAL) << "choose another seed";
  *last = std::nextafter(before, 1.0F);
  for (const int threads : {1, 2}) EXPECT_EQ(mismatches(GetParam(), threads), 2);
  *last = 0;
  for (const int threads : {1, 2}) EXPECT_EQ(mismatches(GetParam(), threads), 2);
}

TEST_P(FloatEnvironment, CopyConvertsWithOneRoundingToNearest) {
  const Matrix source = random_matrix(Matrix(DType::f64, 50, 20), 3, 1e-38);
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    const std::vector<std::byte> expected = bytes_of(copy(source, dtype));
    Matrix found;
    {
      const Mode mode(GetParam());
      found = copy(source, dtype);
      EXPECT_EQ(_mm_getcsr() & kControl, kDefault | GetParam());
    }
    EXPECT_EQ(bytes_of(found), expected) << to_string(dtype);
  }
}

/// The control words of all threads that take part in a loop of oneTBB. It gives every task the word that the
/// thread of the loop had when it first used oneTBB, so there is one, whatever that was.
std::set<unsigned> words_of_a_loop() {
  std::mutex mutex;
  std::set<unsigned> words;
  tbb::parallel_for(0, 2000, [&](int) {
    const unsigned word = _mm_getcsr() & kControl;
    std::this_thread::yield();
    const std::lock_guard lock(mutex);
    words.insert(word);
  });
  return words;
}

TEST_P(FloatEnvironment, WorkersKeepTheirs) {
  const Case data(DType::f32, "identity,identity");
  Matrix y(DType::f32, Case::kRows, 7);
  Options options;
  options.threads = 2;
  Engine engine(data.model, options);
  const std::set<unsigned> before = words_of_a_loop();
  EXPECT_EQ(before.size(), 1U);
  {
    const Mode mode(GetParam());
    for (int count = 0; count < 20; ++count) engine.run(data.x, y);
  }
  EXPECT_EQ(words_of_a_loop(), before);
  EXPECT_EQ(bytes_of(y), bytes_of(data.expected));
}

/// oneTBB hands the caller's word to the tasks of a caller's loop; runs inside such a loop keep it.
TEST_P(FloatEnvironment, TasksOfTheCallerKeepTheirs) {
  const Case data(DType::f32, "identity,identity");
  Options options;
  options.threads = 2;
  Engine engine(data.model, options);
  std::atomic<int> changed = 0, wrong = 0;
  const std::vector<std::byte> expected = bytes_of(data.expected);
  {
    const Mode mode(GetParam());
    tbb::parallel_for(0, 16, [&](int) {
      const unsigned word = _mm_getcsr() & kControl;
      Matrix y(DType::f32, Case::kRows, 7);
      engine.run(data.x, y);
      changed += (_mm_getcsr() & kControl) != word;
      wrong += bytes_of(y) != expected;
    });
  }
  EXPECT_EQ(changed, 0);
  EXPECT_EQ(wrong, 0);
}

std::string name_of_mode(const testing::TestParamInfo<unsigned>& info) {
  return std::vector<std::string>{"Flush", "Up", "Down", "FlushAndUp"}.at(info.index);
}

INSTANTIATE_TEST_SUITE_P(Modes, FloatEnvironment, testing::Values(kFlush, kUp, kDown, kFlush | kUp),
                         name_of_mode);

}  // namespace
}  // namespace perceptron

#endif
