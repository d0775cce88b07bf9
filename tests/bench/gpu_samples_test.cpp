// Which samples of a GPU count, what a figure says of them, and the clock between two stamps.
#include "bench/gpu/samples.hpp"

#include <gtest/gtest.h>

namespace perceptron::bench::gpu {
namespace {

std::vector<Sample> steady(std::size_t count, double nanoseconds = 1000, double clock_hz = 1.9e9) {
  std::vector<Sample> samples(count, Sample{nanoseconds, clock_hz, true});
  for (std::size_t i = 0; i < count; ++i) samples[i].nanoseconds += static_cast<double>(i % 3);
  return samples;
}

TEST(GpuSamples, SteadyOnesAreAllKeptAndSettle) {
  const Figure figure = figure_of(steady(12));
  EXPECT_EQ(figure.kept, 12);
  EXPECT_EQ(figure.unheld + figure.throttled + figure.stray, 0);
  EXPECT_DOUBLE_EQ(figure.nanoseconds.median, 1001);
  EXPECT_DOUBLE_EQ(figure.clock_hz, 1.9e9);
  EXPECT_LT(figure.scatter, kScatterTarget);
  EXPECT_TRUE(figure.is_settled);
}

TEST(GpuSamples, FewerThanTenDoNotSettle) { EXPECT_FALSE(figure_of(steady(kFewestSamples - 1)).is_settled); }

TEST(GpuSamples, WideScatterDoesNotSettleUntilThereAreMany) {
  std::vector<Sample> samples;
  for (int i = 0; i < 12; ++i) samples.push_back({1000.0 + 20 * i, 1.9e9, true});
  EXPECT_FALSE(figure_of(samples).is_settled);
  for (int repeat = 0; repeat < 7; ++repeat)
    samples.insert(samples.end(), samples.begin(), samples.begin() + 12);
  for (int repeat = 0; repeat < 30; ++repeat)
    samples.insert(samples.end(), samples.begin(), samples.begin() + 12);
  EXPECT_TRUE(figure_of(samples).is_settled);
}

TEST(GpuSamples, EachKindOfBadOneIsRejectedAndCounted) {
  std::vector<Sample> samples = steady(20);
  samples[3].was_held = false;
  samples[7].clock_hz = 1.2e9;
  samples[7].nanoseconds = 1600;
  samples[9].nanoseconds = 5000;
  const std::vector<Fate> fates = judge(samples);
  EXPECT_EQ(fates[3], Fate::unheld);
  EXPECT_EQ(fates[7], Fate::throttled);
  EXPECT_EQ(fates[9], Fate::stray);
  const Figure figure = figure_of(samples);
  EXPECT_EQ(figure.kept, 17);
  EXPECT_EQ(figure.unheld, 1);
  EXPECT_EQ(figure.throttled, 1);
  EXPECT_EQ(figure.stray, 1);
  EXPECT_DOUBLE_EQ(figure.nanoseconds.median, 1001);
}

TEST(GpuSamples, ALowClockThatLastsIsTheMachineAndNoRejection) {
  EXPECT_EQ(figure_of(steady(12, 1000, 0.8e9)).kept, 12);
}

TEST(GpuSamples, AnUnknownClockIsNotJudged) {
  std::vector<Sample> samples = steady(12);
  samples[5].clock_hz = 0;
  EXPECT_EQ(judge(samples)[5], Fate::kept);
  EXPECT_EQ(figure_of(steady(12, 1000, 0)).clock_hz, 0);
}

TEST(GpuSamples, WhereNoneIsKeptAllCountAndNothingSettles) {
  std::vector<Sample> samples = steady(12);
  for (Sample& sample : samples) sample.was_held = false;
  const Figure figure = figure_of(samples);
  EXPECT_EQ(figure.kept, 0);
  EXPECT_EQ(figure.unheld, 12);
  EXPECT_DOUBLE_EQ(figure.nanoseconds.median, 1001);
  EXPECT_FALSE(figure.is_settled);
}

TEST(GpuSamples, RatiosAreOfRoundsInWhichBothWereKept) {
  std::vector<Sample> base = steady(12), lane = steady(12);
  for (std::size_t i = 0; i < lane.size(); ++i) lane[i].nanoseconds = 1.5 * base[i].nanoseconds;
  base[2].nanoseconds = 50'000;
  lane[4].was_held = false;
  lane[4].nanoseconds = 1;
  EXPECT_DOUBLE_EQ(ratio_of_rounds(lane, base), 1.5);
  for (Sample& sample : lane) sample.was_held = false;
  EXPECT_EQ(ratio_of_rounds(lane, base), 0);
}

TEST(GpuSamples, TheClockIsTheMedianOfMultiprocessorsStampedTwice) {
  std::vector<Stamp> before(4), after(4);
  before[0] = {1000, 5'000'000};
  after[0] = {1000 + 190'000, 5'100'000};  // 1.9 GHz over 100 µs.
  before[1] = {7, 5'000'000};              // Missing afterwards.
  after[2] = {9, 5'100'000};               // Missing before.
  EXPECT_DOUBLE_EQ(clock_between(before, after), 1.9e9);
  after[0].nanoseconds = before[0].nanoseconds + 9'999;  // Fewer than ten ticks of a coarse timer.
  EXPECT_EQ(clock_between(before, after), 0);
}

}  // namespace
}  // namespace perceptron::bench::gpu
