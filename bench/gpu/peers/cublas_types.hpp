// What both cuBLAS libraries share: how our problem is put to them, and their errors.
//
// They think in columns. Our row-major y (rows × outputs) is their D: outputs × rows, leading dimension
// outputs; x is their B: inputs × rows; W is their A, inputs × outputs, transposed. So D = op(A) · B.
#pragma once

#include <cublas_api.h>
#include <fmt/format.h>

#include "bench/gpu/kernels.hpp"
#include "perceptron/error.hpp"
#include "perceptron/problem.hpp"

namespace perceptron::bench::gpu {

inline void check_cublas(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw DeviceError(fmt::format("{} failed with status {}", call, static_cast<int>(status)));
}

/// Sums of 16-bit types are kept in f32, as ours are.
constexpr bool is_f64(const Problem& problem) { return problem.dtype == DType::f64; }

/// 1 and 0 of the type in which cuBLAS scales: sums' type.
struct Scales {
  double one_f64 = 1, zero_f64 = 0;
  float one_f32 = 1, zero_f32 = 0;
  const void* one(bool f64) const { return f64 ? static_cast<const void*>(&one_f64) : &one_f32; }
  const void* zero(bool f64) const { return f64 ? static_cast<const void*>(&zero_f64) : &zero_f32; }
};
inline constexpr Scales kScales;

/// Bias and activation left over after a plain product.
constexpr bool needs_pass(const Problem& problem) {
  return problem.has_bias || problem.activation.kind != ActivationKind::identity;
}

/// A problem that the pass can finish and whose peers' results can be judged: step jumps at 0, where rounding
/// decides.
inline bool is_comparable(const Problem& p) {
  return can_finish(p.dtype, p.output_dtype, p.activation.kind) &&
         p.activation.kind != ActivationKind::step && p.arithmetic == Arithmetic::reproducible;
}

inline constexpr const char* kPassIncludes = "the product, then one pass that adds the bias and applies f";

}  // namespace perceptron::bench::gpu
