// Device memory, callers' streams and updates, on the rehearsal device.
#include <gtest/gtest.h>

#include "perceptron/error.hpp"
#include "tests/staging/rehearsal.hpp"

namespace perceptron {
namespace {

using staging::DeviceBuffer, staging::OwnedQueue;
using test::bytes_of, test::OnDevice, test::random_matrix, test::random_model, test::reference_output,
    test::Rehearsal, test::Script;

class StagedDevice : public testing::Test {
 protected:
  StagedDevice() { rehearsal.prepare(); }

  staging::Accelerator& accelerator() { return *rehearsal.accelerator; }

  const Model model = random_model({{5, 9, 6}, "relu,softmax"}, 1);
  const Matrix x = random_matrix(Matrix(DType::f32, 17, 5), 2);
  const std::vector<std::byte> expected = bytes_of(reference_output(x, model, DType::f32));
  Rehearsal rehearsal{model, 4, {}};
};

TEST_F(StagedDevice, RunTakesHostAndDeviceMemoryInAnyMix) {
  const OnDevice x_there(accelerator(), x);
  for (const bool x_is_there : {false, true}) {
    for (const bool y_is_there : {false, true}) {
      Matrix y(DType::f32, 17, 6);
      const OnDevice y_there(accelerator(), y);
      rehearsal.run(x_is_there ? ConstMatrixView(x_there.placed.view) : x.view(),
                    y_is_there ? y_there.placed.view : y.view());
      if (y_is_there) y = y_there.back(accelerator());
      EXPECT_EQ(bytes_of(y), expected) << x_is_there << y_is_there;
    }
  }
}

TEST_F(StagedDevice, EnqueueOnlyLaunches) {
  const OnDevice x_there(accelerator(), x), y_there(accelerator(), Matrix(DType::f32, 17, 6));
  const OwnedQueue stream(accelerator());
  const std::int64_t calls = rehearsal.accelerator->calls(),
                     launches = rehearsal.accelerator->calls("launch");
  rehearsal.device->enqueue(rehearsal.ready, x_there.placed.view, y_there.placed.view, *rehearsal.workspace,
                            stream.get());
  // Five chunks of two layers, the second one with its softmax.
  EXPECT_EQ(rehearsal.accelerator->calls("launch") - launches, 15);
  EXPECT_EQ(rehearsal.accelerator->calls() - calls, 15);
  accelerator().synchronize(stream.get());
  EXPECT_EQ(bytes_of(y_there.back(accelerator())), expected);
}

TEST_F(StagedDevice, HostPointersThatClaimToBeTheDevicesAreRefusedByName) {
  ConstMatrixView lie = x;
  lie.place = Place::device;
  Matrix y(DType::f32, 17, 6);
  EXPECT_THROW(rehearsal.run(lie, y), InvalidArgument);
  EXPECT_THROW(rehearsal.device->enqueue(rehearsal.ready, lie, y, *rehearsal.workspace, nullptr),
               InvalidArgument);
}

TEST_F(StagedDevice, AnUpdateOnAStreamReturnsAtOnceAndIsSeenByTheNextRun) {
  const Model after = random_model({{5, 9, 6}, "relu,softmax"}, 60);
  const OwnedQueue stream(accelerator());
  std::vector<OnDevice> kept;
  const std::int64_t waits = rehearsal.accelerator->calls("synchronize");
  std::int64_t for_the_test = 0;
  for (std::size_t index = 0; index < 2; ++index) {
    Layer layer = after.layer(index);
    for (ConstMatrixView* view : {&layer.weight, &layer.bias}) {
      kept.emplace_back(accelerator(), copy(*view));
      ++for_the_test;
      *view = kept.back().placed.view;
    }
    const auto old = rehearsal.ready[index];
    EXPECT_EQ(rehearsal.device->update(old, layer, stream.get()), old);
  }
  EXPECT_EQ(rehearsal.accelerator->calls("synchronize") - waits, for_the_test);
  Matrix y(DType::f32, 17, 6);
  rehearsal.run(x, y);
  EXPECT_EQ(bytes_of(y), bytes_of(reference_output(x, after, DType::f32)));
}

/// Each stream is as late as it may be; what the later update wrote stays.
TEST_F(StagedDevice, UpdatesOnTwoStreamsEndWithTheLater) {
  const Model first = random_model({{5, 9, 6}, "relu,softmax"}, 60),
              second = random_model({{5, 9, 6}, "relu,softmax"}, 61);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Script script;
    script.seed = seed;
    rehearsal.accelerator->script(script);
    const OwnedQueue one(accelerator()), other(accelerator());
    std::vector<OnDevice> kept;
    for (std::size_t index = 0; index < 2; ++index) {
      for (const auto& [after, stream] : {std::pair{&first, &one}, {&second, &other}}) {
        Layer layer = after->layer(index);
        for (ConstMatrixView* view : {&layer.weight, &layer.bias}) {
          kept.emplace_back(accelerator(), copy(*view));
          *view = kept.back().placed.view;
        }
        rehearsal.device->update(rehearsal.ready[index], layer, stream->get());
      }
    }
    Matrix y(DType::f32, 17, 6);
    rehearsal.run(x, y);
    rehearsal.accelerator->drain();
    rehearsal.run(x, y);
    EXPECT_EQ(bytes_of(y), bytes_of(reference_output(x, second, DType::f32))) << seed;
  }
}

TEST_F(StagedDevice, LinearOnDeviceMemoryLeavesNothingBehind) {
  const Layer layer = model.layer(1);
  const Matrix input = random_matrix(Matrix(DType::f32, 11, 9), 7);
  const OnDevice x_there(accelerator(), input), y_there(accelerator(), Matrix(DType::f32, 11, 6));
  const OnDevice weight(accelerator(), copy(layer.weight)), bias(accelerator(), copy(layer.bias));
  const OwnedQueue stream(accelerator());
  const std::size_t live = rehearsal.accelerator->live();
  rehearsal.device->linear(x_there.placed.view, {weight.placed.view, bias.placed.view, layer.activation},
                           y_there.placed.view, stream.get());
  EXPECT_EQ(rehearsal.accelerator->live(), live);
  accelerator().synchronize(stream.get());
  EXPECT_EQ(bytes_of(y_there.back(accelerator())),
            bytes_of(reference_output(input, Model({layer}), DType::f32)));
}

/// The stream is as late as it may be: what it holds would not be seen without waiting.
TEST_F(StagedDevice, CatchesUpWithAStream) {
  const Matrix before = random_matrix(Matrix(DType::f32, 11, 9), 8),
               after = random_matrix(Matrix(DType::f32, 11, 9), 9);
  const OnDevice x(accelerator(), before);
  const OwnedQueue stream(accelerator());
  copy_in(accelerator(), stream.get(), after.view(), x.placed.view);
  rehearsal.device->catch_up(stream.get());
  EXPECT_EQ(bytes_of(x.back(accelerator())), bytes_of(after));
}

}  // namespace
}  // namespace perceptron
