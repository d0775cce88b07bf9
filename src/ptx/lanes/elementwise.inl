// How a function of single values becomes an instruction over 32 lanes. Included inside each SIMD target's
// region.

#if defined(__clang__)
#define PERCEPTRON_LANE_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#define PERCEPTRON_LANE_LOOP _Pragma("GCC ivdep")
#endif

/// Rows are either the same or apart, so that lanes never depend on one another.
template <class F, class D, class... S>
void elementwise(Warp& warp, const Step& step, Mask mask) {
  [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    (warp.use(step, step.source[kIndex], mask), ...);
    const std::tuple sources{warp.row<S>(step.source[kIndex])...};
    Slot<D>* target = warp.row<D>(step.target);
    if (mask == kAllLanes) {
      PERCEPTRON_LANE_LOOP
      for (int lane = 0; lane < kLanes; ++lane) {
        target[lane] = to_slot<D>(F::apply(from_slot<S>(std::get<kIndex>(sources)[lane])...));
      }
    } else {
      PERCEPTRON_LANE_LOOP
      for (int lane = 0; lane < kLanes; ++lane) {
        const Slot<D> value = to_slot<D>(F::apply(from_slot<S>(std::get<kIndex>(sources)[lane])...));
        target[lane] = (mask >> lane & 1) != 0 ? value : target[lane];
      }
    }
  }
  (std::index_sequence_for<S...>{});
  warp.define(step.target, mask);
}

template <class F, class D, class... S>
void decode_as(Decoder& d) {
  d.elementwise(&elementwise<F, D, S...>, sizeof(D), {sizeof(S)...});
}

template <class... T>
struct TypeList {};

/// Calls body.operator()<T>() for the C++ type of an integer, bit or floating PTX type among the list.
template <class Body, class... T>
void with_type(Decoder& d, Type type, TypeList<T...>, Body&& body) {
  const bool is_float = type == Type::f32 || type == Type::f64;
  const bool is_signed = type == Type::s8 || type == Type::s16 || type == Type::s32 || type == Type::s64;
  bool is_found = false;
  const auto attempt = [&]<class U>() {
    if (is_found || std::is_floating_point_v<U> != is_float || sizeof(U) != size_of(type)) return;
    if (!is_float && std::is_signed_v<U> != is_signed) return;
    is_found = true;
    body.template operator()<U>();
  };
  if (type != Type::pred && type != Type::f16 && type != Type::bf16 && type != Type::f16x2 &&
      type != Type::bf16x2) {
    (attempt.template operator()<T>(), ...);
  }
  if (!is_found) d.refuse("the machine does not know this type here");
}

using Floats = TypeList<float, double>;
using Words = TypeList<std::uint16_t, std::uint32_t, std::uint64_t>;
using Integers =
    TypeList<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;

/// Unsigned arithmetic wide enough to wrap without promotion to int.
template <class T>
using Wrapping = std::conditional_t<(sizeof(T) > 4), std::uint64_t, std::uint32_t>;
