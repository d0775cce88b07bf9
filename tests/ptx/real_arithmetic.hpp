// Arithmetic rounded once to float or double in any direction, by MPFR: subnormals, overflow and signed zeros
// as IEEE 754 has them.
#pragma once

#include <mpfr.h>

#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>

namespace perceptron::ptx {

struct RoundingMode {
  std::string name;
  mpfr_rnd_t mode;
};
inline const std::array<RoundingMode, 4> kRoundingModes{
    {{"rn", MPFR_RNDN}, {"rz", MPFR_RNDZ}, {"rm", MPFR_RNDD}, {"rp", MPFR_RNDU}}};

/// .ftz: a zero of the sign for what is subnormal.
inline float flushed(float value) {
  return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.f, value) : value;
}

/// Any operand of an instruction, exactly.
class Exact {
 public:
  template <class T>
  explicit Exact(T value) {
    mpfr_init2(value_, 64);
    if constexpr (std::floating_point<T>)
      mpfr_set_d(value_, static_cast<double>(value), MPFR_RNDN);
    else if constexpr (std::signed_integral<T>)
      mpfr_set_sj(value_, value, MPFR_RNDN);
    else
      mpfr_set_uj(value_, value, MPFR_RNDN);
  }
  ~Exact() { mpfr_clear(value_); }
  Exact(const Exact&) = delete;
  Exact& operator=(const Exact&) = delete;

  mpfr_srcptr get() const { return value_; }

 private:
  mpfr_t value_;
};

/// function(result, operands…, mode), as MPFR's functions are called, rounded once to T.
template <std::floating_point T, class Function, class... Operands>
T rounded(mpfr_rnd_t mode, Function function, Operands... operands) {
  constexpr bool kIsFloat = sizeof(T) == 4;
  mpfr_t result;
  mpfr_init2(result, kIsFloat ? 24 : 53);
  int inexact = function(result, Exact(operands).get()..., mode);
  const mpfr_exp_t lowest = mpfr_get_emin(), highest = mpfr_get_emax();
  mpfr_set_emin(kIsFloat ? -148 : -1073);
  mpfr_set_emax(kIsFloat ? 128 : 1024);
  inexact = mpfr_check_range(result, inexact, mode);
  mpfr_subnormalize(result, inexact, mode);
  mpfr_set_emin(lowest);
  mpfr_set_emax(highest);
  const T value = kIsFloat ? static_cast<T>(mpfr_get_flt(result, MPFR_RNDN))
                           : static_cast<T>(mpfr_get_d(result, MPFR_RNDN));
  mpfr_clear(result);
  return value;
}

}  // namespace perceptron::ptx
