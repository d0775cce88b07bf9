#include "src/reference/judge.hpp"

#include <bit>
#include <cmath>
#include <concepts>
#include <limits>

#include "src/reference/verdict.hpp"

namespace perceptron::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <class T>
ElementClass class_of(double value) {
  constexpr int kExponentBits = traits(kDTypeOf<T>).exponent_bits;
  static const double kSmallestNormal = std::ldexp(1.0, 2 - (1 << (kExponentBits - 1)));
  if (std::isnan(value)) return ElementClass::nan;
  if (std::isinf(value)) return value > 0 ? ElementClass::plus_infinity : ElementClass::minus_infinity;
  if (value == 0) return ElementClass::zero;
  return std::fabs(value) < kSmallestNormal ? ElementClass::subnormal : ElementClass::ordinary;
}

/// Values of the type in ascending order; both zeros are 0.
template <class T>
std::int64_t ordinal(T value) {
  std::int64_t magnitude;
  bool is_negative;
  if constexpr (std::same_as<T, double>) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    magnitude = static_cast<std::int64_t>(bits & ~(std::uint64_t{1} << 63));
    is_negative = (bits >> 63) != 0;
  } else if constexpr (std::same_as<T, float>) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    magnitude = bits & 0x7FFFFFFF;
    is_negative = (bits >> 31) != 0;
  } else {
    magnitude = value.bits & 0x7FFF;
    is_negative = (value.bits >> 15) != 0;
  }
  return is_negative ? -magnitude : magnitude;
}

template <class T>
double ulps_between(T a, T b) {
  if (std::isnan(static_cast<double>(a)) || std::isnan(static_cast<double>(b))) return kInfinity;
  return std::fabs(static_cast<double>(ordinal(a)) - static_cast<double>(ordinal(b)));
}

template <class T>
bool has_same_bits(T a, T b) {
  const double wide_a = static_cast<double>(a), wide_b = static_cast<double>(b);
  if (std::isnan(wide_a) || std::isnan(wide_b)) return std::isnan(wide_a) && std::isnan(wide_b);
  return wide_a == wide_b && std::signbit(wide_a) == std::signbit(wide_b);
}

/// Of WorstError.
double share_of(double found, const Interval& allowed) {
  if (std::isnan(found)) return allowed.allows_nan ? 0 : kInfinity;
  if (std::isnan(allowed.truth)) return allowed.is_judged() ? kInfinity : 0;
  if (found == allowed.truth || allowed.is_ambiguous()) return allowed.contains(found) ? 0 : kInfinity;
  const double way = (found > allowed.truth ? allowed.hi : allowed.lo) - allowed.truth;
  const double share = std::fabs(way) == 0 ? kInfinity : (found - allowed.truth) / way;
  return std::isnan(share) ? 1 : share;  // ∞ of ∞: found at an end that is infinite.
}

template <class T>
void compare_row(Verdict& verdict, const T* want, const T* have, const ElementIndex& row) {
  for (std::int64_t column = 0; column < verdict.columns; ++column) {
    const bool is_right = has_same_bits(want[column], have[column]);
    const auto expected = static_cast<double>(want[column]), found = static_cast<double>(have[column]);
    count(verdict, class_of<T>(expected), is_right);
    if (is_right) continue;
    Mismatch mismatch{row.group, row.row, column, expected, found};
    mismatch.ulps = ulps_between(want[column], have[column]);
    enter(verdict, mismatch);
    note(verdict, {row.group, row.row, column, kInfinity, mismatch.ulps});
  }
}

void add_allowed(Mismatch& mismatch, const Preactivation& z, const Interval& allowed,
                 const Contract& contract) {
  const bool is_finite = z.z_class == ZClass::finite;
  mismatch.z = is_finite ? z.truth : kNan;
  mismatch.z_bound = 0;
  if (is_finite) {
    mismatch.z_bound = static_cast<double>(preactivation_bound(z, contract.storage, contract.arithmetic)) +
                       std::fabs(z.hi - z.truth);
  }
  mismatch.lo = allowed.lo;
  mismatch.hi = allowed.hi;
  mismatch.nan_allowed = allowed.allows_nan;
}

}  // namespace

Verdict compare_bits(const ConstMatrixView& expected, const ConstMatrixView& found) {
  Verdict verdict = verdict_on(found, Arithmetic::reproducible);
  visit_dtype(found.dtype, [&]<class T>(T) {
    for (std::int64_t row = 0; row < found.rows; ++row) {
      for (std::int64_t group = 0; group < found.groups; ++group) {
        compare_row(verdict, static_cast<const T*>(expected.element(group, row)),
                    static_cast<const T*>(found.element(group, row)), {group, row, 0});
      }
    }
  });
  return verdict;
}

void judge_row(Verdict& verdict, const JudgedRow& judged, const ConstMatrixView& y,
               const Contract& contract) {
  visit_dtype(y.dtype, [&]<class T>(T) {
    const auto* values = static_cast<const T*>(y.element(judged.group, judged.row));
    for (std::int64_t column = 0; column < y.columns; ++column) {
      const Interval& allowed = judged.allowed[static_cast<std::size_t>(column)];
      if (!allowed.is_judged()) {
        ++verdict.checked;
        ++verdict.unjudged;
        continue;
      }
      const auto found = static_cast<double>(values[column]);
      const bool is_right = allowed.contains(found);
      if (allowed.is_ambiguous()) ++verdict.ambiguous;
      if (allowed.is_vague()) ++verdict.vague;
      count(verdict, class_of<T>(allowed.truth), is_right);
      const double share = share_of(found, allowed);
      const double ulps = share == 0 ? 0 : ulps_between(static_cast<T>(allowed.truth), values[column]);
      if (share > 0) note(verdict, {judged.group, judged.row, column, share, ulps});
      if (is_right) continue;
      Mismatch mismatch{judged.group, judged.row, column, allowed.truth, found, ulps};
      add_allowed(mismatch, judged.z[static_cast<std::size_t>(column)], allowed, contract);
      enter(verdict, mismatch);
    }
  });
}

void explain(Mismatch& mismatch, const JudgedRow& judged, const Contract& contract) {
  const auto column = static_cast<std::size_t>(mismatch.column);
  add_allowed(mismatch, judged.z[column], judged.allowed[column], contract);
}

}  // namespace perceptron::reference
