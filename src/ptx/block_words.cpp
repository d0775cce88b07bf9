// What messages say of a block: where a thread stood, who did something, where everyone waits.
#include <fmt/format.h>

#include "src/ptx/block.hpp"

namespace perceptron::ptx {

Place Block::place(const Step& step, std::uint32_t thread) const {
  Place place;
  place.kernel = program().kernel;
  const Location& location = program().locations[step.instruction];
  place.ptx_line = location.ptx_line;
  place_source(place, location, program().files);
  const kernels::Extent size = grid_.launch.block;
  place.block[0] = coordinates_.x;
  place.block[1] = coordinates_.y;
  place.block[2] = coordinates_.z;
  place.thread[0] = thread % size.x;
  place.thread[1] = thread / size.x % size.y;
  place.thread[2] = thread / size.x / size.y;
  return place;
}

std::string Block::describe(std::uint32_t step, std::uint32_t thread) const {
  std::string who;
  if (thread != kSeveral) thread = thread_of(static_cast<std::uint16_t>(thread));
  if (thread < threads_) {
    const Place there = place(program().steps[step == kNone ? 0 : step], thread);
    who = fmt::format("thread ({}, {}, {})", there.thread[0], there.thread[1], there.thread[2]);
  } else {
    who = thread == kSeveral ? "several threads" : "a bulk copy";
  }
  if (step == kNone) return fmt::format("{}, a long time before", who);
  return fmt::format("{} at {}", who, describe_step(step));
}

std::string Block::describe_step(std::uint32_t step) const {
  const Place there = place(program().steps[step], 0);
  return fmt::format("line {}{}: {}", there.ptx_line, source_text(there), program().texts[step]);
}

std::string Block::where_everyone_stands() const {
  std::string text;
  for (const auto& warp : warps_) {
    for (int i = 0; i < warp->group_count && warp->live != 0; ++i) {
      const LaneGroup& group = warp->groups[static_cast<std::size_t>(i)];
      text += fmt::format("\n  warp {}, lanes {:#010x}: line {}, {}{}", warp->index(), group.mask,
                          program().locations[group.step].ptx_line, program().texts[group.step],
                          group.is_waiting ? ", waiting" : "");
    }
    if (warp->live == 0) text += fmt::format("\n  warp {}: exited", warp->index());
  }
  for (const auto& [address, barrier] : mbarriers_) {
    text += fmt::format("\n  mbarrier {:#x}: phase {} waits for {} of {} arrivals and {} bytes", address,
                        barrier.phase, barrier.pending, barrier.expected, barrier.transactions);
  }
  return text;
}

}  // namespace perceptron::ptx
