// What planning is told of a GPU, as far as it is arithmetic and tables.
#include "src/cuda/probe.hpp"

#include <gtest/gtest.h>

#include "perceptron/device_traits.hpp"

namespace perceptron::cuda {
namespace {

TEST(CudaProbe, RatesAreThoseOfTheProgrammingGuide) {
  EXPECT_EQ(fma_per_clock(80), (FmaRates{64, 32}));
  EXPECT_EQ(fma_per_clock(86), (FmaRates{128, 2}));
  EXPECT_EQ(fma_per_clock(89), (FmaRates{128, 2}));
  EXPECT_EQ(fma_per_clock(90), (FmaRates{128, 64}));
  EXPECT_EQ(fma_per_clock(100), (FmaRates{128, 64}));
  EXPECT_EQ(fma_per_clock(103), (FmaRates{128, 2}));
  EXPECT_EQ(fma_per_clock(120), (FmaRates{128, 2}));
}

TEST(CudaProbe, WhatIsNotListedIsAsTheNextLower) {
  EXPECT_EQ(fma_per_clock(87), fma_per_clock(86));
  EXPECT_EQ(fma_per_clock(121), fma_per_clock(120));
  EXPECT_EQ(fma_per_clock(999), fma_per_clock(120));
}

TEST(CudaProbe, RatesAgreeWithTheTraitsOfKnownGpus) {
  for (const DeviceTraits& traits : known_device_traits()) {
    const FmaRates expected{traits.f32_fma_per_clock, traits.f64_fma_per_clock};
    EXPECT_EQ(fma_per_clock(traits.compute_capability), expected) << traits.name;
  }
}

TEST(CudaProbe, BandwidthIsTwoTransfersPerClock) {
  // H100 SXM: 2619 MHz and 5120 bits, by its datasheet 3.35 TB/s.
  EXPECT_NEAR(memory_bytes_per_second(2.619e9, 5120), 3.35e12, 0.01e12);
}

}  // namespace
}  // namespace perceptron::cuda
