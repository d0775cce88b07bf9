// Every call to the device fails once, in each of the ways in which calls fail: no leak, no deadlock, the
// right error, and a device that goes on working unless it is lost.
#include <gtest/gtest.h>

#include <cstdio>
#include <optional>

#include "perceptron/error.hpp"
#include "tests/staging/rehearsal.hpp"

namespace perceptron {
namespace {

using test::bytes_of, test::Failure, test::OnDevice, test::random_matrix, test::random_model,
    test::reference_output, test::Rehearsal, test::Script;

constexpr std::int64_t kRows = 17, kChunkRows = 4;

/// Everything that a user does with a device, on a stack with hidden layers and softmax: made ready, run on
/// host memory, weights replaced, run again; then on device memory and a stream of one's own: weights put
/// back, a run enqueued, one layer by itself.
struct Scenario {
  Model before = random_model({{5, 9, 6}, "relu,softmax"}, 1);
  Model after = random_model({{5, 9, 6}, "relu,softmax"}, 50);
  Matrix x = random_matrix(Matrix(DType::f32, kRows, 5), 2);
  Matrix first{DType::f32, kRows, 6}, second{DType::f32, kRows, 6}, third{DType::f32, kRows, 6};
  Matrix alone{DType::f32, kRows, 9};

  void play(Rehearsal& rehearsal) {
    play_on_host_memory(rehearsal);
    play_on_a_stream(rehearsal);
  }
  void play_on_host_memory(Rehearsal& rehearsal) {
    rehearsal.prepare();
    rehearsal.run(x, first);
    for (std::size_t index = 0; index < 2; ++index) {
      rehearsal.ready[index] = rehearsal.device->update(rehearsal.ready[index], after.layer(index), nullptr);
    }
    rehearsal.run_by_stages(x, second);
  }
  void play_on_a_stream(Rehearsal& rehearsal) {
    staging::Accelerator& accelerator = *rehearsal.accelerator;
    const staging::OwnedQueue stream(accelerator);
    const OnDevice x_there(accelerator, x), third_there(accelerator, third), alone_there(accelerator, alone);
    std::vector<OnDevice> weights;
    for (const Layer& layer : before.layers()) {
      weights.emplace_back(accelerator, copy(layer.weight));
      weights.emplace_back(accelerator, copy(layer.bias));
    }
    const auto layer_there = [&](std::size_t index) {
      return Layer{weights[2 * index].placed.view, weights[2 * index + 1].placed.view,
                   before.layer(index).activation};
    };
    const staging::WaitOnError matrices_stay(accelerator, stream.get());
    for (std::size_t index = 0; index < 2; ++index) {
      rehearsal.ready[index] =
          rehearsal.device->update(rehearsal.ready[index], layer_there(index), stream.get());
    }
    rehearsal.device->enqueue(rehearsal.ready, x_there.placed.view, third_there.placed.view,
                              *rehearsal.workspace, stream.get());
    rehearsal.device->linear(x_there.placed.view, layer_there(0), alone_there.placed.view, stream.get());
    accelerator.synchronize(stream.get());
    third = third_there.back(accelerator);
    alone = alone_there.back(accelerator);
  }
  void expect_right() const {
    EXPECT_EQ(bytes_of(first), bytes_of(reference_output(x, before, DType::f32)));
    EXPECT_EQ(bytes_of(second), bytes_of(reference_output(x, after, DType::f32)));
    EXPECT_EQ(bytes_of(third), bytes_of(reference_output(x, before, DType::f32)));
    EXPECT_EQ(bytes_of(alone), bytes_of(reference_output(x, Model({before.layer(0)}), DType::f32)));
  }
};

/// The class of what the scenario threw; none where it came through.
std::optional<Failure> play(Scenario& scenario, Rehearsal& rehearsal) {
  try {
    scenario.play(rehearsal);
  } catch (const DeviceLost&) {
    return Failure::lost;
  } catch (const DeviceOutOfMemory&) {
    return Failure::memory;
  } catch (const DeviceError&) {
    return Failure::invalid;
  }
  return std::nullopt;
}

/// After an error the same objects do the whole scenario, as if nothing had been.
void expect_usable(Rehearsal& rehearsal) {
  Scenario again;
  rehearsal.accelerator->script({});
  // Its weights may be either model's by now, so they are written anew.
  rehearsal.prepare();
  for (std::size_t index = 0; index < 2; ++index) {
    rehearsal.ready[index] =
        rehearsal.device->update(rehearsal.ready[index], again.before.layer(index), nullptr);
  }
  EXPECT_EQ(play(again, rehearsal), std::nullopt);
  again.expect_right();
}

void fail_call(std::int64_t number, Failure failure) {
  Script script;
  script.seed = static_cast<std::uint64_t>(number);
  script.failing_call = number;
  script.failure = failure;
  Scenario scenario;
  Rehearsal rehearsal(scenario.before, kChunkRows, script);
  const std::optional<Failure> thrown = play(scenario, rehearsal);
  if (thrown) {
    EXPECT_EQ(*thrown, failure);
  } else {
    // Survived: a chunk halved or memory not pinned, and said so.
    EXPECT_FALSE(rehearsal.news.empty());
    scenario.expect_right();
  }
  EXPECT_EQ(rehearsal.accelerator->is_lost(), failure == Failure::lost);
  const std::vector<std::byte> first = bytes_of(scenario.first), second = bytes_of(scenario.second);
  if (!rehearsal.accelerator->is_lost()) expect_usable(rehearsal);
  EXPECT_TRUE(first == bytes_of(scenario.first) && second == bytes_of(scenario.second))
      << "a later run wrote into the memory of the one that failed";
  const std::int64_t calls = rehearsal.accelerator->calls();
  rehearsal.forget();
  EXPECT_EQ(rehearsal.accelerator->calls(), calls) << "giving back is no call that can fail";
  EXPECT_EQ(rehearsal.accelerator->live(), 0U);
  for (const std::string& violation : rehearsal.accelerator->violations()) ADD_FAILURE() << violation;
}

std::int64_t calls_of_the_scenario() {
  Scenario scenario;
  Rehearsal rehearsal(scenario.before, kChunkRows, {});
  EXPECT_EQ(play(scenario, rehearsal), std::nullopt);
  scenario.expect_right();
  return rehearsal.accelerator->calls();
}

TEST(FaultSweep, EveryCallFailsInEveryWay) {
  const std::int64_t calls = calls_of_the_scenario();
  std::int64_t points = 0;
  for (const Failure failure : {Failure::memory, Failure::invalid, Failure::lost}) {
    for (std::int64_t number = 1; number <= calls; ++number, ++points) {
      fail_call(number, failure);
      if (testing::Test::HasFailure()) {
        FAIL() << "call " << number << " of " << calls << ", failure " << static_cast<int>(failure);
      }
    }
  }
  std::printf("fault sweep: %lld calls × 3 failures = %lld points\n", static_cast<long long>(calls),
              static_cast<long long>(points));
  RecordProperty("points", static_cast<int>(points));
}

}  // namespace
}  // namespace perceptron
