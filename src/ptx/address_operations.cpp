// cvta and prefetch: operations on addresses alone.
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

/// Prefetches and cache hints change nothing that a kernel can see.
void decode_prefetch(Decoder& d) {
  take_space(d);
  d.take_one_of({"L1", "L2", "L2::evict_last", "L2::evict_normal"});
  d.address(0, Space::generic);
  d.step.execute = &execute_nothing;
}

constexpr Operation kOperations[]{{"cvta", decode_cvta}, {"prefetch", decode_prefetch}};

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
