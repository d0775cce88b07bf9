// Rows through the pipeline on a device whose queues do everything as late as they may: the bits are the
// reference's whatever the chunks and the order.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "perceptron/error.hpp"
#include "tests/staging/rehearsal.hpp"
#include "tests/support/random_problem.hpp"
#include "tests/support/same_bits.hpp"

namespace perceptron {
namespace {

using test::bytes_of, test::random_matrix, test::random_model, test::reference_output, test::Rehearsal,
    test::Script;

Script seeded(std::uint64_t seed) {
  Script script;
  script.seed = seed;
  return script;
}

/// A stack whose hidden layers and sums are shared by all chunks.
Model small_stack() { return random_model({{5, 9, 4, 6}, "relu,tanh,softmax"}, 1); }

TEST(Pipeline, EveryChunkSizeAndOrderGivesTheSameBits) {
  const Model model = small_stack();
  const Matrix x = random_matrix(Matrix(DType::f32, 23, 5), 2);
  const std::vector<std::byte> expected = bytes_of(reference_output(x, model, DType::f32));
  for (const std::int64_t chunk_rows : {1, 2, 3, 5, 7, 11, 12, 22, 23, 24, 100}) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      Rehearsal rehearsal(model, chunk_rows, seeded(seed));
      rehearsal.prepare();
      Matrix y(DType::f32, 23, 6);
      rehearsal.run(x, y);
      ASSERT_EQ(bytes_of(y), expected) << chunk_rows << " rows per chunk, seed " << seed;
      rehearsal.forget();
      EXPECT_EQ(rehearsal.accelerator->live(), 0U);
      EXPECT_TRUE(rehearsal.accelerator->violations().empty()) << rehearsal.accelerator->violations().front();
    }
  }
}

TEST(Pipeline, StridesGroupsSharedInputsAndOutputTypes) {
  std::uint64_t seed = 100;
  for (const char* text :
       {"11x7x3:f32:relu", "3@10x6x4:f32:gelu", "2@9x5x5:f64:tanh:sharedx", "12x3x17:f32-f64:sigmoid",
        "10x9x2:f16-bf16:step:nobias", "2@7x4x3:bf16-f32:softmax"}) {
    for (const test::Layout layout : {test::Layout{}, test::Layout{3, 5, 7, 1}}) {
      test::RandomProblem data(Problem::parse(text), ++seed, layout);
      test::Storage expected = data.make_output(), found = data.make_output();
      reference::canonical(data.x(), data.layer(), data.y_view(expected));
      Rehearsal rehearsal(Model({data.layer()}), 4, seeded(seed));
      rehearsal.prepare();
      rehearsal.run(data.x(), data.y_view(found));
      std::vector<std::byte> want = expected.bytes(), have = found.bytes();
      test::unify_nans(want, data.problem().output_dtype);
      test::unify_nans(have, data.problem().output_dtype);
      EXPECT_TRUE(want == have) << text;
    }
  }
}

TEST(Pipeline, ChunksOverlap) {
  const Model model = small_stack();
  const Matrix x = random_matrix(Matrix(DType::f32, 30, 5), 2);
  Rehearsal rehearsal(model, 5, seeded(0));
  rehearsal.prepare();
  Matrix y(DType::f32, 30, 6);
  rehearsal.run(x, y);
  // One chunk is 4 launches, 2 copies, 3 records and 2 waits: three chunks were under way together.
  EXPECT_GE(rehearsal.accelerator->most_waiting(), 33U);
  // And the host waited once per chunk for its result, and for nothing else.
  EXPECT_EQ(rehearsal.accelerator->calls("synchronize_event"), 6);
}

TEST(Pipeline, StagesOneAfterTheOtherAreTimedAndGiveTheSameBits) {
  const Model model = small_stack();
  const Matrix x = random_matrix(Matrix(DType::f32, 23, 5), 2);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    Rehearsal rehearsal(model, 4, seeded(seed));
    rehearsal.prepare();
    Matrix y(DType::f32, 23, 6);
    const StageTimes seconds = rehearsal.run_by_stages(x, y);
    EXPECT_EQ(bytes_of(y), bytes_of(reference_output(x, model, DType::f32)));
    EXPECT_GT(seconds.staging_in, 0);
    EXPECT_GT(seconds.compute, 10 * seconds.staging_in) << "kernels executed by a machine, 460 bytes copied";
    EXPECT_GT(seconds.staging_out, 0);
    // A stage waits alone: at most 4 launches, a record, and waits for x and three layers' weights.
    EXPECT_LE(rehearsal.accelerator->most_waiting(), 9U);
  }
}

TEST(Pipeline, RunsMakeNothing) {
  const Model model = small_stack();
  const Matrix x = random_matrix(Matrix(DType::f32, 30, 5), 2);
  Rehearsal rehearsal(model, 4, seeded(0));
  rehearsal.prepare();
  const auto made = [&] {
    std::int64_t sum = 0;
    for (const char* function : {"allocate", "allocate_pinned", "make_queue", "make_event", "make_ready"}) {
      sum += rehearsal.accelerator->calls(function);
    }
    return sum;
  };
  const std::int64_t before = made();
  Matrix y(DType::f32, 30, 6);
  rehearsal.run(x, y);
  EXPECT_GT(before, 0);
  EXPECT_EQ(made(), before);
}

TEST(Pipeline, MemoryThatTheCallerPinnedIsNotCopiedOnTheHost) {
  const Model model = small_stack();
  const Matrix x = random_matrix(Matrix(DType::f32, 23, 5), 2);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    Rehearsal rehearsal(model, 4, seeded(seed));
    rehearsal.prepare();
    Matrix y(DType::f32, 23, 6);
    rehearsal.accelerator->pin(x.data(), x.size_bytes());
    rehearsal.accelerator->pin(y.data(), y.size_bytes());
    rehearsal.run(x, y);
    EXPECT_EQ(bytes_of(y), bytes_of(reference_output(x, model, DType::f32)));
  }
}

TEST(Pipeline, WhereNothingCanBePinnedItSaysSoAndGoesOn) {
  const Model model = small_stack();
  const Matrix x = random_matrix(Matrix(DType::f32, 23, 5), 2);
  Script script;
  script.pins = false;
  Rehearsal rehearsal(model, 4, script);
  rehearsal.prepare();
  Matrix y(DType::f32, 23, 6);
  rehearsal.run(x, y);
  EXPECT_EQ(bytes_of(y), bytes_of(reference_output(x, model, DType::f32)));
  ASSERT_FALSE(rehearsal.news.empty());
  EXPECT_NE(rehearsal.news.front().find("could not be pinned"), std::string::npos) << rehearsal.news.front();
}

TEST(Pipeline, LittleMemoryHalvesTheChunkAndSaysSo) {
  const Model model = small_stack();
  const Matrix x = random_matrix(Matrix(DType::f32, 200, 5), 2);
  const std::vector<std::byte> expected = bytes_of(reference_output(x, model, DType::f32));
  Script script;
  script.memory_limit = 8000;
  Rehearsal rehearsal(model, 128, script);
  rehearsal.prepare();
  Matrix y(DType::f32, 200, 6);
  rehearsal.run(x, y);
  EXPECT_EQ(bytes_of(y), expected);
  ASSERT_FALSE(rehearsal.news.empty());
  EXPECT_NE(rehearsal.news.front().find("chunks of 128 rows, trying 64"), std::string::npos)
      << rehearsal.news.front();
  rehearsal.forget();
  EXPECT_EQ(rehearsal.accelerator->live(), 0U);
}

TEST(Pipeline, NoMemoryForOneRowIsTheDevicesError) {
  Script script;
  Rehearsal rehearsal(small_stack(), 128, script);
  rehearsal.prepare();
  rehearsal.workspace.reset();
  script.memory_limit = 1000;
  rehearsal.accelerator->script(script);
  EXPECT_THROW(rehearsal.prepare(), DeviceOutOfMemory);
  rehearsal.accelerator->script({});
  rehearsal.prepare();
  const Matrix x = random_matrix(Matrix(DType::f32, 20, 5), 2);
  Matrix y(DType::f32, 20, 6);
  rehearsal.run(x, y);
  EXPECT_EQ(bytes_of(y), bytes_of(reference_output(x, small_stack(), DType::f32)));
}

}  // namespace
}  // namespace perceptron
