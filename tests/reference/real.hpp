// Numbers so long that sums and products of doubles are exact in them, and functions far beyond any double:
// MPFR as a value type, for the tests of src/reference.
#pragma once

#include <mpfr.h>

namespace perceptron::test {

class Real {
 public:
  /// Products of two doubles lie between 2⁻²¹⁴⁸ and 2²⁰⁴⁸; some thousands of them add few bits.
  static constexpr mpfr_prec_t kBits = 4300;

  Real() : Real(0.0) {}
  Real(double value) {
    mpfr_init2(value_, kBits);
    mpfr_set_d(value_, value, MPFR_RNDN);
  }
  Real(long double value) {
    mpfr_init2(value_, kBits);
    mpfr_set_ld(value_, value, MPFR_RNDN);
  }
  Real(int value) : Real(static_cast<double>(value)) {}
  Real(const Real& other) : Real(0.0) { mpfr_set(value_, other.value_, MPFR_RNDN); }
  Real& operator=(const Real& other) {
    mpfr_set(value_, other.value_, MPFR_RNDN);
    return *this;
  }
  ~Real() { mpfr_clear(value_); }

  explicit operator double() const { return mpfr_get_d(value_, MPFR_RNDN); }
  explicit operator long double() const { return mpfr_get_ld(value_, MPFR_RNDN); }

  friend Real operator+(const Real& a, const Real& b) { return of(mpfr_add, a, b); }
  friend Real operator-(const Real& a, const Real& b) { return of(mpfr_sub, a, b); }
  friend Real operator*(const Real& a, const Real& b) { return of(mpfr_mul, a, b); }
  friend Real operator/(const Real& a, const Real& b) { return of(mpfr_div, a, b); }
  friend Real operator-(const Real& a) { return of(mpfr_neg, a); }
  friend bool operator<(const Real& a, const Real& b) { return mpfr_less_p(a.value_, b.value_) != 0; }
  friend bool operator<=(const Real& a, const Real& b) { return mpfr_lessequal_p(a.value_, b.value_) != 0; }

  friend Real abs(const Real& a) { return of(mpfr_abs, a); }
  friend Real exp(const Real& a) { return of(mpfr_exp, a); }
  friend Real expm1(const Real& a) { return of(mpfr_expm1, a); }
  friend Real log1p(const Real& a) { return of(mpfr_log1p, a); }
  friend Real tanh(const Real& a) { return of(mpfr_tanh, a); }
  friend Real erfc(const Real& a) { return of(mpfr_erfc, a); }
  friend Real sqrt(const Real& a) { return of(mpfr_sqrt, a); }
  static Real pi() {
    Real result;
    mpfr_const_pi(result.value_, MPFR_RNDN);
    return result;
  }

 private:
  template <class Function, class... Operands>
  static Real of(Function function, const Operands&... operands) {
    Real result;
    function(result.value_, operands.value_..., MPFR_RNDN);
    return result;
  }

  mpfr_t value_;
};

}  // namespace perceptron::test
