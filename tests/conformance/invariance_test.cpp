// What a row's bits must not depend on, on every device: the rows around it, their number and order, chunks,
// threads, strides.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "perceptron/engine.hpp"
#include "perceptron/matrix.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron {
namespace {

using test::bytes_of, test::random_matrix, test::random_model, test::Stack;

/// Kernels of both kinds: many outputs, few outputs, few inputs too, several blocks, other types.
const Stack kStacks[] = {
    {{300, 40}, "gelu"},
    {{300, 5}, "tanh"},
    {{3, 2}, "sigmoid"},
    {{2, 1}, "identity"},
    {{70, 12}, "softmax"},
    {{520, 33}, "silu", DType::f16},
    {{90, 2}, "elu", DType::bf16},
    {{270, 19}, "softplus", DType::f64},
    {{40, 60, 8, 21}, "relu,mish,softmax"},
    {{20, 17}, "selu", DType::f32, 3},
};
constexpr std::int64_t kRows = 71;

std::string name_of(const Stack& stack) {
  return fmt::format("{} inputs, {} outputs, {}, {}", stack.sizes.front(), stack.sizes.back(),
                     stack.activations, to_string(stack.dtype));
}

class Invariance : public testing::TestWithParam<std::string> {
 protected:
  Options options(int threads = 1) const {
    Options options;
    options.device = GetParam();
    options.threads = threads;
    return options;
  }
  static Matrix input_of(const Stack& stack) {
    return random_matrix(Matrix(stack.dtype, kRows, stack.sizes.front(), stack.groups), 2);
  }
  static Matrix output_of(const Stack& stack, std::int64_t rows = kRows) {
    return Matrix(stack.dtype, rows, stack.sizes.back(), stack.groups);
  }
};

/// True where rows of the views have the same bits: row `first` of a and on, against all of b.
void expect_same_rows(const ConstMatrixView& a, std::int64_t first, const ConstMatrixView& b,
                      const std::string& what) {
  const std::size_t size = static_cast<std::size_t>(a.columns) * size_of(a.dtype);
  for (std::int64_t group = 0; group < b.groups; ++group) {
    for (std::int64_t row = 0; row < b.rows; ++row) {
      ASSERT_EQ(std::memcmp(a.element(group, first + row), b.element(group, row), size), 0)
          << what << ": row " << row << " of group " << group;
    }
  }
}

TEST_P(Invariance, ARowAloneIsTheRowInAnyBatch) {
  for (const Stack& stack : kStacks) {
    Engine engine(random_model(stack, 1), options());
    const Matrix x = input_of(stack);
    Matrix whole = output_of(stack);
    engine.run(x, whole);
    for (const std::int64_t rows : {1, 2, 3, 5, 8, 12, 13, 16, 17, 32, 33, 64, 70}) {
      for (std::int64_t first = 0; first + rows <= kRows; first += rows) {
        Matrix part = output_of(stack, rows);
        engine.run(x.view().row_range(first, rows), part);
        expect_same_rows(whole, first, part, fmt::format("{}: {} from {}", name_of(stack), rows, first));
      }
    }
  }
}

TEST_P(Invariance, TheOrderOfRowsDoesNotMatter) {
  std::mt19937 random(3);
  std::vector<std::int64_t> order(kRows);
  std::iota(order.begin(), order.end(), 0);
  for (const Stack& stack : kStacks) {
    Engine engine(random_model(stack, 1), options());
    const Matrix x = input_of(stack);
    Matrix y = output_of(stack), shuffled_x = input_of(stack), shuffled_y = output_of(stack);
    engine.run(x, y);
    std::shuffle(order.begin(), order.end(), random);
    const std::size_t size = static_cast<std::size_t>(x.columns()) * size_of(x.dtype());
    for (std::int64_t group = 0; group < stack.groups; ++group) {
      for (std::int64_t row = 0; row < kRows; ++row) {
        std::memcpy(shuffled_x.view().element(group, row),
                    x.view().element(group, order[static_cast<std::size_t>(row)]), size);
      }
    }
    engine.run(shuffled_x, shuffled_y);
    for (std::int64_t row = 0; row < kRows; ++row) {
      expect_same_rows(y, order[static_cast<std::size_t>(row)], shuffled_y.view().row_range(row, 1),
                       name_of(stack));
    }
  }
}

TEST_P(Invariance, RowsOfPaddingDoNotMatterWhateverTheyHold) {
  for (const Stack& stack : kStacks) {
    Engine engine(random_model(stack, 1), options());
    const Matrix x = input_of(stack);
    Matrix expected = output_of(stack, 9);
    engine.run(x.view().row_range(31, 9), expected);
    for (const double filling : {0.0, double{INFINITY}, double{NAN}}) {
      Matrix padded = copy(x), y = output_of(stack);
      visit_dtype(stack.dtype, [&]<class T>(T) {
        for (std::int64_t group = 0; group < stack.groups; ++group) {
          for (std::int64_t row = 0; row < kRows; ++row) {
            if (row >= 31 && row < 40) continue;
            std::fill_n(static_cast<T*>(padded.view().element(group, row)), x.columns(),
                        static_cast<T>(filling));
          }
        }
      });
      engine.run(padded, y);
      expect_same_rows(y, 31, expected, fmt::format("{} beside {}", name_of(stack), filling));
    }
  }
}

TEST_P(Invariance, ChunksDoNotMatter) {
  const Stack stack{{40, 60, 8, 21}, "relu,mish,softmax"};
  const Model model = random_model(stack, 1);
  const Matrix x = input_of(stack);
  Matrix expected = output_of(stack);
  Engine whole(model, options());
  whole.run(x, expected);
  const std::size_t fixed = whole.plan(0).scratch_bytes, per_row = whole.plan(1).scratch_bytes - fixed;
  for (std::size_t rows = 1; rows <= kRows; ++rows) {
    Options chunked = options();
    chunked.memory_budget_bytes = fixed + rows * per_row;
    Engine engine(model, chunked);
    ASSERT_EQ(engine.plan(kRows).chunk_rows, static_cast<std::int64_t>(rows));
    Matrix y = output_of(stack);
    engine.run(x, y);
    EXPECT_EQ(bytes_of(y), bytes_of(expected)) << rows << " rows at a time";
  }
}

TEST_P(Invariance, ThreadsDoNotMatter) {
  const tbb::global_control more_threads_than_cores(tbb::global_control::max_allowed_parallelism, 8);
  for (const auto& [stack, rows] :
       {std::pair{Stack{{300, 700}, "tanh"}, 100}, std::pair{Stack{{64, 3}, "gelu"}, 20000},
        std::pair{Stack{{150, 90, 30}, "relu,softmax"}, 500}}) {
    const Model model = random_model(stack, 1);
    const Matrix x = random_matrix(Matrix(stack.dtype, rows, stack.sizes.front()), 2);
    const auto run = [&, &stack = stack, rows = rows](int threads) {
      Engine engine(model, options(threads));
      EXPECT_EQ(engine.plan(1).threads, threads);
      Matrix y = output_of(stack, rows);
      engine.run(x, y);
      return bytes_of(y);
    };
    const std::vector<std::byte> expected = run(1);
    for (const int threads : {2, 3, 5, 8})
      EXPECT_EQ(run(threads), expected) << threads << ' ' << name_of(stack);
  }
}

TEST_P(Invariance, StridesAndAlignmentDoNotMatter) {
  for (const Stack& stack : kStacks) {
    if (stack.groups > 1) continue;
    Engine engine(random_model(stack, 1), options());
    const Matrix x = input_of(stack);
    Matrix expected = output_of(stack);
    engine.run(x, expected);
    const auto size = static_cast<std::int64_t>(size_of(stack.dtype));
    for (const std::int64_t gap : {1, 3, 16, 257}) {
      const std::int64_t x_stride = x.columns() + gap, y_stride = expected.columns() + gap;
      Matrix x_memory(stack.dtype, kRows + 1, x_stride), y_memory(stack.dtype, kRows + 1, y_stride);
      const std::int64_t offset = gap % 7;
      auto* x_first = static_cast<std::byte*>(x_memory.data()) + offset * size;
      const auto strided = ConstMatrixView(x_first, stack.dtype, kRows, x.columns()).with_stride(x_stride);
      for (std::int64_t row = 0; row < kRows; ++row) {
        std::memcpy(const_cast<void*>(strided.element(0, row)), x.view().element(0, row),
                    static_cast<std::size_t>(x.columns() * size));
      }
      const auto y = MatrixView(static_cast<std::byte*>(y_memory.data()) + offset * size, stack.dtype, kRows,
                                expected.columns())
                         .with_stride(y_stride);
      engine.run(strided, y);
      expect_same_rows(expected, 0, y, fmt::format("{}, gap {}", name_of(stack), gap));
    }
  }
}

// −2^-160 underflows to −0 in f32, and a stored bias of −0 counts as +0: z is never −0.
TEST_P(Invariance, ZIsNeverMinusZero) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    for (const std::int64_t outputs : {1, 2, 9, 40}) {
      for (const std::int64_t rows : {1, 40}) {
        visit_dtype(dtype, [&]<class T>(T) {
          const double tiny = dtype == DType::f64 ? 0x1p-600 : 0x1p-80;
          const std::vector<T> x(static_cast<std::size_t>(rows), T(-tiny));
          const std::vector<T> w(static_cast<std::size_t>(outputs), T(tiny)), b(w.size(), T(-0.0));
          std::vector<T> y(static_cast<std::size_t>(rows * outputs), T(1));
          const ConstMatrixView weight(w.data(), outputs, 1), bias(b.data(), 1, outputs);
          for (const ConstMatrixView& stored : {bias, ConstMatrixView()}) {
            Engine engine(Model({Layer{weight, stored, {}}}), options());
            engine.run(ConstMatrixView(x.data(), rows, 1), MatrixView(y.data(), rows, outputs));
            for (const T value : y) {
              ASSERT_TRUE(value == 0 && !std::signbit(static_cast<double>(value)))
                  << to_string(dtype) << ", " << rows << " rows, " << outputs << " outputs, bias "
                  << (stored.data == nullptr ? "none" : "−0");
            }
          }
        });
      }
    }
  }
}

std::vector<std::string> device_names() {
  std::vector<std::string> names;
  for (const DeviceInfo& device : devices()) names.push_back(device.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Devices, Invariance, testing::ValuesIn(device_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), ':', '_');
  return name;
});

}  // namespace
}  // namespace perceptron
