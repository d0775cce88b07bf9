// The floating-point control word of the contract: round to nearest, subnormals kept, nothing trapped.
#pragma once

#include <cfenv>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace perceptron::reference {

/// Sets the contract's control word on this thread and puts the caller's back.
/// Costs a few nanoseconds where the caller's word is the contract's already.
class FloatEnvironment {
 public:
#if defined(__SSE2__)
  // Round to nearest, all exceptions masked, flush-to-zero and denormals-are-zero off, flags clear.
  static constexpr unsigned kContract = 0x1F80;
  static constexpr unsigned kControlBits = 0xFFC0;

  FloatEnvironment() : saved_(_mm_getcsr()) {
    if ((saved_ & kControlBits) != kContract) _mm_setcsr(kContract);
  }
  ~FloatEnvironment() {
    if ((saved_ & kControlBits) != kContract) _mm_setcsr(saved_);
  }
#else
  FloatEnvironment() {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~FloatEnvironment() { std::fesetenv(&saved_); }
#endif
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

 private:
#if defined(__SSE2__)
  unsigned saved_;
#else
  std::fenv_t saved_;
#endif
};

}  // namespace perceptron::reference
