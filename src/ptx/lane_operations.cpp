// The lane operations once per SIMD target, by Highway's re-inclusion of this very file: plain loops over 32
// lanes, which the compiler turns into the target's vectors. Without a fused multiply-add, fma is libm's:
// slower, the same.
#include "src/ptx/lane_operations.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cfenv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include "perceptron/float16.hpp"
#include "src/ptx/block.hpp"
#include "src/ptx/carry_operations.hpp"
#include "src/ptx/warp.hpp"

// AVX2 is what pays: 32 lanes are four of its vectors.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/ptx/lane_operations.cpp"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace perceptron::ptx::HWY_NAMESPACE {
namespace {

#include "src/ptx/lanes/elementwise.inl"

#include "src/ptx/lanes/rounding.inl"

#include "src/ptx/lanes/half.inl"

#include "src/ptx/lanes/approximate.inl"

#include "src/ptx/lanes/arithmetic.inl"

#include "src/ptx/lanes/dot.inl"

#include "src/ptx/lanes/bits.inl"

#include "src/ptx/lanes/compare.inl"

#include "src/ptx/lanes/half_compare.inl"

#include "src/ptx/lanes/convert.inl"

#include "src/ptx/lanes/move.inl"

constexpr Operation kOperations[]{
    {"add", decode_add},     {"sub", decode_sub},           {"mul", decode_mul},     {"mad", decode_mad},
    {"dp4a", decode_dp4a},   {"dp2a", decode_dp2a},         {"sad", decode_sad},     {"slct", decode_slct},
    {"fma", decode_fma},     {"div", decode_div},           {"rem", decode_rem},     {"neg", decode_neg},
    {"abs", decode_abs},     {"min", decode_min},           {"max", decode_max},     {"rcp", decode_rcp},
    {"sqrt", decode_sqrt},   {"and", decode_and},           {"or", decode_or},       {"xor", decode_xor},
    {"not", decode_not},     {"cnot", decode_cnot},         {"shl", decode_shl},     {"shr", decode_shr},
    {"shf", decode_shf},     {"popc", decode_popc},         {"clz", decode_clz},     {"brev", decode_brev},
    {"bfind", decode_bfind}, {"bfe", decode_bfe},           {"bfi", decode_bfi},     {"prmt", decode_prmt},
    {"lop3", decode_lop3},   {"bmsk", decode_bmsk},         {"setp", decode_setp},   {"set", decode_set},
    {"selp", decode_selp},   {"copysign", decode_copysign}, {"testp", decode_testp}, {"cvt", decode_cvt},
    {"mov", decode_mov},     {"ex2", decode_ex2},           {"lg2", decode_lg2},     {"sin", decode_sin},
    {"cos", decode_cos},     {"tanh", decode_tanh},         {"rsqrt", decode_rsqrt}};

}  // namespace

std::span<const Operation> operations() { return kOperations; }

}  // namespace perceptron::ptx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace perceptron::ptx {

HWY_EXPORT(operations);

std::span<const Operation> lane_operations() { return HWY_DYNAMIC_DISPATCH(operations)(); }

}  // namespace perceptron::ptx
#endif
