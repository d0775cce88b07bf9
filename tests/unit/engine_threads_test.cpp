// Engines and Sessions in several threads: nothing is mixed, nothing is lost, misuse is refused.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "perceptron/engine.hpp"
#include "perceptron/error.hpp"
#include "perceptron/matrix.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/gated_memory.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron {
namespace {

using test::bytes_of, test::expect_error, test::GatedMemory, test::random_matrix, test::random_model,
    test::reference_output;

constexpr auto kPatience = std::chrono::seconds(20);

TEST(EngineThreads, ManyShareOneEngine) {
  constexpr std::int64_t kRows = 150;
  const Model model = random_model({{70, 90, 10}, "relu,softmax"}, 1);
  Engine engine(model);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    threads.emplace_back([&, seed] {
      const Matrix x = random_matrix(Matrix(DType::f32, kRows, 70), seed);
      const std::vector<std::byte> expected = bytes_of(reference_output(x, model, DType::f32));
      Session session = engine.session();
      for (int count = 0; count < 16; ++count) {
        Matrix y(DType::f32, kRows, 10);
        count % 2 == 0 ? engine.run(x, y) : session.run(x, y);
        wrong += bytes_of(y) != expected;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

/// Small chunks, so that an update falls between two chunks of a run.
Options in_chunks_of_four_rows(const Model& model) {
  Options options;
  options.device = "cpu";  // On a GPU an update waits for runs that have begun instead.
  options.threads = 1;
  const Engine engine(model, options);
  const std::size_t fixed = engine.plan(0).scratch_bytes;
  options.memory_budget_bytes = fixed + 4 * (engine.plan(1).scratch_bytes - fixed);
  return options;
}

// The gate holds a run in the second of three chunks, the update comes, and the run ends with the weights it
// began with.
TEST(EngineThreads, ARunThatHasBegunFinishesWithItsWeights) {
  constexpr std::int64_t kInputs = 1024, kRows = 12;
  const Model before = random_model({{kInputs, 30, 6}, "relu,identity"}, 2);
  const Model after = random_model({{kInputs, 30, 6}, "relu,identity"}, 3);
  Engine engine(before, in_chunks_of_four_rows(before));
  ASSERT_EQ(engine.plan(kRows).chunk_rows, 4);
  const Matrix values = random_matrix(Matrix(DType::f32, kRows, kInputs), 4);
  GatedMemory memory(values.size_bytes());
  std::memcpy(memory.data(), values.data(), values.size_bytes());
  const ConstMatrixView x(memory.data(), DType::f32, kRows, kInputs);
  Matrix y(DType::f32, kRows, 6);
  // Rows are 4096 bytes long: the second chunk begins on a page of its own.
  memory.close_from(4 * kInputs * sizeof(float));
  std::thread runner([&] { engine.run(x, y); });
  memory.await_visitor();
  for (std::size_t layer = 0; layer < 2; ++layer) {
    engine.update(layer, after.layer(layer).weight, after.layer(layer).bias);
  }
  memory.open();
  runner.join();
  EXPECT_EQ(bytes_of(y), bytes_of(reference_output(values, before, DType::f32)));
  engine.run(x, y);
  EXPECT_EQ(bytes_of(y), bytes_of(reference_output(values, after, DType::f32)));
}

TEST(EngineThreads, EveryRunSeesOldOrNewWeightsNeverAMixture) {
  constexpr std::int64_t kRows = 30;
  const Model models[] = {random_model({{16, 30, 6}, "relu,identity"}, 5),
                          random_model({{16, 30, 6}, "relu,identity"}, 6)};
  Engine engine(models[0], in_chunks_of_four_rows(models[0]));
  const Matrix x = random_matrix(Matrix(DType::f32, kRows, 16), 7);
  // Only layer 0 alternates: one update is one whole set of weights.
  const Model other({models[1].layer(0), models[0].layer(1)});
  const std::vector<std::byte> expected[] = {bytes_of(reference_output(x, models[0], DType::f32)),
                                             bytes_of(reference_output(x, other, DType::f32))};
  std::atomic<bool> is_done = false;
  std::thread updater([&] {
    for (std::size_t count = 1; !is_done; ++count) {
      engine.update(0, models[count % 2].layer(0).weight, models[count % 2].layer(0).bias);
    }
  });
  std::atomic<int> mixed = 0;
  std::atomic<int> seen[2] = {0, 0};
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const auto work = [&](bool has_session) {
    Session session = engine.session();
    for (int runs = 0; runs < 500 || seen[0] == 0 || seen[1] == 0; ++runs) {
      if (std::chrono::steady_clock::now() > deadline) return;
      Matrix y(DType::f32, kRows, 6);
      has_session ? session.run(x, y) : engine.run(x, y);
      const std::vector<std::byte> found = bytes_of(y);
      const bool is_old = found == expected[0], is_new = found == expected[1];
      seen[0] += is_old;
      seen[1] += is_new;
      mixed += !is_old && !is_new;
    }
  };
  std::thread second(work, false);
  work(true);
  second.join();
  is_done = true;
  updater.join();
  EXPECT_EQ(mixed, 0);
  EXPECT_GT(seen[0], 0);
  EXPECT_GT(seen[1], 0);
}

TEST(EngineThreads, ASecondThreadInASessionIsRefusedAndDisturbsNothing) {
  constexpr std::int64_t kRows = 40, kInputs = 64;
  const Model model = random_model({{kInputs, 30, 6}, "relu,softmax"}, 8);
  Options options;
  options.threads = 1;
  Engine engine(model, options);
  Session session = engine.session();
  const Matrix values = random_matrix(Matrix(DType::f32, kRows, kInputs), 9);
  const std::vector<std::byte> expected = bytes_of(reference_output(values, model, DType::f32));
  GatedMemory memory(values.size_bytes());
  std::memcpy(memory.data(), values.data(), values.size_bytes());
  Matrix first(DType::f32, kRows, 6), second(DType::f32, kRows, 6);
  memory.close_from(0);
  std::thread holder([&] { session.run(ConstMatrixView(memory.data(), DType::f32, kRows, kInputs), first); });
  memory.await_visitor();
  const std::vector<std::byte> untouched = bytes_of(second);
  for (int attempt = 0; attempt < 3; ++attempt) {
    expect_error<InvalidArgument>([&] { session.run(values, second); }, {"Session", "another thread"});
  }
  EXPECT_EQ(bytes_of(second), untouched);
  engine.run(values, second);
  EXPECT_EQ(bytes_of(second), expected) << "the engine serves others meanwhile";
  memory.open();
  holder.join();
  EXPECT_EQ(bytes_of(first), expected);
  session.run(values, first);
  EXPECT_EQ(bytes_of(first), expected) << "and the session works again";
}

TEST(EngineThreads, ARefusedCallLeavesTheSessionFree) {
  const Model model = random_model({{5, 3}, "relu"}, 10);
  Engine engine(model);
  Session session = engine.session();
  const Matrix x = random_matrix(Matrix(DType::f32, 4, 5), 11), wrong(DType::f32, 4, 6);
  Matrix y(DType::f32, 4, 3);
  expect_error<InvalidArgument>([&] { session.run(wrong, y); }, {"x", "5", "6"});
  session.run(x, y);
  EXPECT_EQ(bytes_of(y), bytes_of(reference_output(x, model, DType::f32)));
}

}  // namespace
}  // namespace perceptron
