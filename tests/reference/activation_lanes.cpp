// Highway compiles this file once per SIMD target; see activation_lanes.hpp.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/reference/activation_lanes.cpp"
#include "tests/reference/activation_lanes.hpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/epilogue/coefficients.hpp"
#include "kernels/epilogue/scalar_lane.hpp"

HWY_BEFORE_NAMESPACE();
namespace perceptron::reference::HWY_NAMESPACE {

#if HWY_TARGET <= HWY_AVX2 || HWY_TARGET == HWY_NEON
namespace hn = ::hwy::HWY_NAMESPACE;
#include "kernels/epilogue/formulas.inl"
#include "src/cpu/highway_lane.inl"

template <class T>
void evaluate_scalar(const Activation& activation, std::span<const T> z, std::span<T> y) {
  const auto a = static_cast<T>(activation.parameter);
  visit_activation(activation.kind, [&](auto kind) {
    if constexpr (kind() != ActivationKind::softmax) {
      for (std::size_t i = 0; i < z.size(); ++i) {
        y[i] = Formula<kind()>::template apply<epilogue::ScalarLane<T>>(z[i], a);
      }
    }
  });
}

template <class T>
void evaluate_simd(const Activation& activation, std::span<const T> z, std::span<T> y) {
  using L = SimdLane<T>;
  const typename L::Tag tag;
  const auto a = L::set(static_cast<T>(activation.parameter));
  visit_activation(activation.kind, [&](auto kind) {
    if constexpr (kind() != ActivationKind::softmax) {
      for (std::size_t i = 0; i < z.size(); i += hn::Lanes(tag)) {
        const auto result = Formula<kind()>::template apply<L>(hn::LoadU(tag, z.data() + i), a);
        hn::StoreU(result, tag, y.data() + i);
      }
    }
  });
}

void append_lanes(std::vector<ActivationLane>& lanes) {
  if (lanes.empty()) lanes.push_back({"scalar", evaluate_scalar<float>, evaluate_scalar<double>});
  lanes.push_back({hwy::TargetName(HWY_TARGET), evaluate_simd<float>, evaluate_simd<double>});
}
#else
void append_lanes(std::vector<ActivationLane>&) {}
#endif

}  // namespace perceptron::reference::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace perceptron::reference {

HWY_EXPORT(append_lanes);

std::vector<ActivationLane> activation_lanes() {
  std::vector<ActivationLane> lanes;
  for (const auto target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    HWY_DYNAMIC_DISPATCH(append_lanes)(lanes);
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  return lanes;
}

}  // namespace perceptron::reference
#endif
