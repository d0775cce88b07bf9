// cvta, isspacep and prefetch: operations on addresses alone.
#include "src/ptx/block.hpp"
#include "src/ptx/memory_operations.hpp"
#include "src/ptx/warp.hpp"

namespace perceptron::ptx {
namespace {

/// cvta: between a space's addresses and generic ones, a window apart.
template <bool kToSpace>
void convert_address(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[0], mask);
  const std::uint64_t base = step.immediate;
  const std::uint64_t* from = warp.row<std::uint64_t>(step.source[0]);
  std::uint64_t* to = warp.row<std::uint64_t>(step.target);
  for_each_lane(mask, [&](int lane) {
    if (!kToSpace) {
      to[lane] = from[lane] + base;
    } else if (window_of(from[lane]) != window_of(base) && base != 0) {
      warp.fault(FaultKind::out_of_bounds, step, lane, "the generic address lies in another state space");
    } else {
      to[lane] = from[lane] - base;
    }
  });
  warp.define(step.target, mask);
}

void decode_cvta(Decoder& d) {
  const bool to_space = d.take("to");
  const Space space = take_space(d);
  if (size_of(d.take_type()) != 8) d.refuse("32-bit generic addresses are not known");
  d.elementwise(to_space ? &convert_address<true> : &convert_address<false>, 8, {8});
  // Parameters and constants have generic addresses from the start.
  d.step.immediate = space == Space::shared ? kSharedGeneric : space == Space::local ? kLocalWindow : 0;
}

/// isspacep. immediate: the space's window; 0: global memory, which is what lies in no other one.
void is_in_space(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[0], mask);
  Mask value = 0;
  for_each_lane(mask, [&](int lane) {
    const std::uint64_t window = window_of(warp.row<std::uint64_t>(step.source[0])[lane]);
    const bool is_global = window == 0 || window > kConstantWindow;
    value |= static_cast<Mask>(step.immediate == 0 ? is_global : window == step.immediate) << lane;
  });
  warp.define_predicate(step.target, mask, value);
}

void decode_isspacep(Decoder& d) {
  switch (take_space(d)) {
    case Space::global: d.step.immediate = 0; break;
    case Space::shared: d.step.immediate = kSharedWindow; break;
    case Space::local: d.step.immediate = kLocalWindow; break;
    case Space::param: d.step.immediate = kParameterWindow; break;
    default: d.refuse("expected .global, .shared, .local or .param");
  }
  d.step.target = d.predicate_target(0);
  d.step.source[0] = d.source(1, 8);
  d.step.execute = &is_in_space;
}

/// Prefetches and cache hints change nothing that a kernel can see.
void decode_prefetch(Decoder& d) {
  take_space(d);
  d.take_one_of({"L1", "L2", "L2::evict_last", "L2::evict_normal"});
  d.address(0, Space::generic);
  d.step.execute = &execute_nothing;
}

constexpr Operation kOperations[]{
    {"cvta", decode_cvta}, {"isspacep", decode_isspacep}, {"prefetch", decode_prefetch}};

}  // namespace

Space take_space(Decoder& d) {
  switch (d.take_one_of({"global", "shared", "shared::cta", "local", "param", "param::entry", "const"})) {
    case 0: return Space::global;
    case 1:
    case 2: return Space::shared;
    case 3: return Space::local;
    case 4:
    case 5: return Space::param;
    case 6: return Space::constant;
    default: return Space::generic;
  }
}

std::span<const Operation> address_operations() { return kOperations; }

}  // namespace perceptron::ptx
