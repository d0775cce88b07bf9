// The CPU kernels for one lane and std::fma: what runs where no SIMD target fuses, and a target of every
// test.
#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <utility>

#include "kernels/epilogue/activation.hpp"
#include "src/cpu/kernel_table.hpp"
#include "src/cpu/targets.hpp"

namespace perceptron::cpu {
namespace {

using epilogue::exp_nonpositive;
using epilogue::Formula;

#include "src/cpu/scalar_vector.inl"

constexpr const char* kTargetName = "portable";
constexpr int kMostTileRows = kTileRows;
constexpr int kMostRowLaneOutputs = 12;

#include "src/cpu/kernels.inl"

}  // namespace

const KernelTable& portable_table() { return kTable; }

}  // namespace perceptron::cpu
