// Session::run allocates nothing: every request for memory of the whole program is counted meanwhile.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "perceptron/engine.hpp"
#include "perceptron/matrix.hpp"
#include "tests/support/allocation_counter.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron {
namespace {

using test::allocations, test::random_matrix, test::random_model, test::Stack;

template <class Action>
std::size_t allocations_of(const Action& action) {
  const std::size_t before = allocations();
  action();
  return allocations() - before;
}

TEST(Allocation, TheCounterCounts) {
  void* volatile memory = nullptr;
  const auto free_memory = [&] { std::free(memory); };
  EXPECT_EQ(allocations_of([&] { memory = std::malloc(10); }), 1U);
  free_memory();
  EXPECT_EQ(allocations_of([&] { memory = std::calloc(10, 10); }), 1U);
  free_memory();
  EXPECT_EQ(allocations_of([&] { memory = std::aligned_alloc(64, 64); }), 1U);
  free_memory();
  void* aligned = nullptr;
  EXPECT_EQ(allocations_of([&] { EXPECT_EQ(::posix_memalign(&aligned, 64, 64), 0); }), 1U);
  std::free(aligned);
  EXPECT_EQ(allocations_of([&] { memory = ::operator new(10); }), 1U);
  ::operator delete(memory);
  EXPECT_EQ(allocations_of([&] { memory = ::operator new (64, std::align_val_t{64}); }), 1U);
  ::operator delete (memory, std::align_val_t{64});
  EXPECT_EQ(allocations_of([] {}), 0U);
}

struct Case {
  Stack stack;
  std::int64_t rows;
  DType output_dtype;
};

/// Each large enough for two threads where it shall run on two.
const Case kCases[] = {
    {{{1024, 1024}, "relu"}, 64, DType::f32},
    {{{1024, 1024}, "relu"}, 1, DType::f32},
    {{{2, 1}, "sigmoid"}, 200'000, DType::f32},
    {{{64, 10}, "identity"}, 20'000, DType::f16},
    {{{784, 256, 128, 10}, "relu,gelu,softmax"}, 3000, DType::f32},
    {{{784, 256, 128, 10}, "relu,gelu,softmax"}, 3000, DType::f16},
    {{{300, 70}, "tanh", DType::f16}, 2000, DType::f16},
    {{{300, 70}, "softmax", DType::f64}, 2000, DType::bf16},
    {{{64, 32}, "relu", DType::f32, 40}, 100, DType::f32},
};

// oneTBB takes its tasks from its own allocator where the machine has it (libtbbmalloc, which Debian's
// libtbb12 depends on) and from malloc otherwise; then the second thread's runs would be counted here.
TEST(Allocation, SessionRunAllocatesNothingOnceWarm) {
  for (const int threads : {1, 2}) {
    for (const auto& [stack, rows, output_dtype] : kCases) {
      Options options;
      options.threads = threads;
      const Model model = random_model(stack, 1);
      Engine engine(model, options);
      Session session = engine.session();
      const Matrix x = random_matrix(Matrix(stack.dtype, rows, model.inputs(), stack.groups), 2);
      Matrix y(output_dtype, rows, model.outputs(), stack.groups);
      const ConstMatrixView from = x;
      const MatrixView to = y;
      if (threads > 1) session.run(from, to);
      EXPECT_EQ(allocations_of([&] { session.run(from, to); }), 0U) << "first run, " << threads << " threads";
      const std::size_t count = allocations_of([&] {
        for (int run = 0; run < 5; ++run) session.run(from, to);
      });
      EXPECT_EQ(count, 0U) << to_string(engine.plan(rows));
    }
  }
}

TEST(Allocation, AnEngineAllocatesOnlyItsFirstSession) {
  const Model model = random_model({{64, 32, 10}, "relu,softmax"}, 3);
  Options options;
  options.threads = 1;
  Engine engine(model, options);
  const Matrix x = random_matrix(Matrix(DType::f32, 100, 64), 4);
  Matrix y(DType::f32, 100, 10);
  EXPECT_GT(allocations_of([&] { engine.run(x, y); }), 0U);
  EXPECT_EQ(allocations_of([&] {
              for (int run = 0; run < 5; ++run) engine.run(x, y);
            }),
            0U);
}

TEST(Allocation, UpdatedWeightsAreTakenUpWithoutAllocating) {
  const Model model = random_model({{64, 32, 10}, "relu,softmax"}, 5);
  Options options;
  options.threads = 1;
  Engine engine(model, options);
  Session session = engine.session();
  const Matrix x = random_matrix(Matrix(DType::f32, 100, 64), 6);
  Matrix y(DType::f32, 100, 10);
  session.run(x, y);
  engine.update(0, model.layer(0).weight, model.layer(0).bias);
  EXPECT_EQ(allocations_of([&] { session.run(x, y); }), 0U);
}

}  // namespace
}  // namespace perceptron
