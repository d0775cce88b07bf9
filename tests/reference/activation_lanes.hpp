// Every way in which this machine can evaluate the activation formulas: scalar code and each SIMD target with
// fused multiply-add. What the tests compare bit for bit.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "perceptron/activation.hpp"

namespace perceptron::reference {

struct ActivationLane {
  std::string name;  ///< "scalar", "AVX2", "AVX3", …: Highway's names.
  void (*f32)(const Activation&, std::span<const float> z, std::span<float> y);
  void (*f64)(const Activation&, std::span<const double> z, std::span<double> y);
};

/// Spans must be a multiple of this long.
inline constexpr std::size_t kLaneGranule = 64;

/// The scalar formulas in code for a machine with fused multiply-add first, then the SIMD targets. Empty
/// where the machine has no such target. Not for two threads at once: it forces Highway's targets one by one.
std::vector<ActivationLane> activation_lanes();

}  // namespace perceptron::reference
