// The vocabulary of kernels/epilogue/scalar_lane.hpp over Highway vectors of the target being compiled.
// Included inside a namespace within HWY_BEFORE_NAMESPACE, once per target: hence no guard, include or
// namespace. For targets with fused multiply-add only (AVX2, AVX-512, NEON): elsewhere Highway's MulAdd
// rounds twice.

template <class T>
struct SimdLane {
  using Tag = ::hwy::HWY_NAMESPACE::ScalableTag<T>;
  using BitsTag = ::hwy::HWY_NAMESPACE::RebindToUnsigned<Tag>;
  using Scalar = T;
  using Real = ::hwy::HWY_NAMESPACE::Vec<Tag>;
  using Mask = ::hwy::HWY_NAMESPACE::Mask<Tag>;

  static constexpr int kFractionBits = sizeof(T) == 4 ? 23 : 52;
  static constexpr int kBias = sizeof(T) == 4 ? 127 : 1023;

  static HWY_INLINE Real set(Scalar x) { return ::hwy::HWY_NAMESPACE::Set(Tag(), x); }
  static HWY_INLINE Real fma(Real a, Real b, Real c) { return ::hwy::HWY_NAMESPACE::MulAdd(a, b, c); }
  static HWY_INLINE Real select(Mask mask, Real yes, Real no) {
    return ::hwy::HWY_NAMESPACE::IfThenElse(mask, yes, no);
  }
  static HWY_INLINE Mask less(Real a, Real b) { return ::hwy::HWY_NAMESPACE::Lt(a, b); }
  static HWY_INLINE Mask less_equal(Real a, Real b) { return ::hwy::HWY_NAMESPACE::Le(a, b); }
  static HWY_INLINE Mask is_nan(Real x) { return ::hwy::HWY_NAMESPACE::IsNaN(x); }
  static HWY_INLINE Real negate(Real x) { return ::hwy::HWY_NAMESPACE::Neg(x); }
  static HWY_INLINE Real abs(Real x) { return ::hwy::HWY_NAMESPACE::Abs(x); }
  static HWY_INLINE Real copy_sign(Real magnitude, Real sign) {
    return ::hwy::HWY_NAMESPACE::CopySign(magnitude, sign);
  }

  static HWY_INLINE Real power_of_two(Real n) {
    constexpr T kLift = T(3) * T(std::uint64_t{1} << (kFractionBits - 1)) + T(kBias);
    const auto lifted = ::hwy::HWY_NAMESPACE::BitCast(BitsTag(), n + set(kLift));
    return ::hwy::HWY_NAMESPACE::BitCast(Tag(), ::hwy::HWY_NAMESPACE::ShiftLeft<kFractionBits>(lifted));
  }
};
