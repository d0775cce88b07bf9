// The CPU kernels once per SIMD target with fused multiply-add, by Highway's re-inclusion of this very file.
// Highway's targets without it (scalar, SSE) are compiled by Highway's rules but left empty here.
#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <utility>

#include "kernels/epilogue/coefficients.hpp"
#include "src/cpu/kernel_table.hpp"
#include "src/cpu/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/cpu/simd_targets.cpp"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#define PERCEPTRON_TARGET_FUSES (HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON)

#if PERCEPTRON_TARGET_FUSES
HWY_BEFORE_NAMESPACE();
namespace perceptron::cpu::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using epilogue::Coefficients;

#include "src/cpu/highway_lane.inl"

#include "kernels/epilogue/formulas.inl"

#include "src/cpu/simd_vector.inl"

#if HWY_TARGET == HWY_AVX3
constexpr const char* kTargetName = "avx512";
constexpr int kMostTileRows = kTileRows;
constexpr int kMostRowLaneOutputs = 12;
#elif HWY_TARGET == HWY_AVX2
constexpr const char* kTargetName = "avx2";
constexpr int kMostTileRows = 6;
constexpr int kMostRowLaneOutputs = 6;
#else
constexpr const char* kTargetName = "neon";
constexpr int kMostTileRows = kTileRows;
constexpr int kMostRowLaneOutputs = 12;
#endif

#include "src/cpu/kernels.inl"

}  // namespace

const KernelTable& table() { return kTable; }

}  // namespace perceptron::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
#undef PERCEPTRON_TARGET_FUSES

#if HWY_ONCE
namespace perceptron::cpu {

std::vector<const KernelTable*> simd_tables() {
  std::vector<const KernelTable*> tables;
  [[maybe_unused]] const auto add = [&](int64_t target, const KernelTable& table) {
    if ((hwy::SupportedTargets() & target) != 0) tables.push_back(&table);
  };
#if HWY_TARGETS & HWY_AVX3
  add(HWY_AVX3, N_AVX3::table());
#endif
#if HWY_TARGETS & HWY_AVX2
  add(HWY_AVX2, N_AVX2::table());
#endif
#if HWY_TARGETS & HWY_NEON
  add(HWY_NEON, N_NEON::table());
#endif
  return tables;
}

}  // namespace perceptron::cpu
#endif
