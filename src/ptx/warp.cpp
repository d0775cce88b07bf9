#include "src/ptx/warp.hpp"

#include <fmt/format.h>

#include "src/ptx/block.hpp"

namespace perceptron::ptx {

Warp::Warp(Block& block, const Program& program, std::uint32_t index, Mask lanes)
    : all(lanes),
      live(lanes),
      block_(block),
      index_(index),
      rows_(std::make_unique<Row[]>(program.rows + 2)),
      written_(program.rows + 2),
      predicates_(program.predicates),
      predicate_written_(program.predicates) {
  groups[0] = {0, lanes, false};
  for (const Constant& constant : program.constants) {
    for (int lane = 0; lane < kLanes; ++lane) {
      if (constant.is_wide) {
        row<std::uint64_t>(constant.row)[lane] = constant.bits;
      } else {
        row<std::uint32_t>(constant.row)[lane] = static_cast<std::uint32_t>(constant.bits);
      }
    }
    written_[constant.row] = kAllLanes;
  }
  for (const SpecialRow& special : program.specials) set_special(special);
}

void Warp::set_special(const SpecialRow& special) {
  const kernels::Extent size = block_.grid().launch.block, grid = block_.grid().launch.grid;
  const kernels::Extent block = block_.coordinates();
  const auto value = [&](std::uint32_t lane) -> std::uint32_t {
    const std::uint32_t linear = index_ * kLanes + lane;
    switch (special.special) {
      case Special::tid_x: return linear % size.x;
      case Special::tid_y: return linear / size.x % size.y;
      case Special::tid_z: return linear / size.x / size.y;
      case Special::ntid_x: return size.x;
      case Special::ntid_y: return size.y;
      case Special::ntid_z: return size.z;
      case Special::ctaid_x: return block.x;
      case Special::ctaid_y: return block.y;
      case Special::ctaid_z: return block.z;
      case Special::nctaid_x: return grid.x;
      case Special::nctaid_y: return grid.y;
      case Special::nctaid_z: return grid.z;
      case Special::laneid: return lane;
      case Special::warpid: return index_;
      case Special::lanemask_eq: return 1u << lane;
      case Special::lanemask_lt: return (1u << lane) - 1;
      case Special::lanemask_le: return (2u << lane) - 1;
      case Special::lanemask_gt: return ~((2u << lane) - 1);
      case Special::lanemask_ge: return ~((1u << lane) - 1);
      case Special::dynamic_smem_size: return block_.grid().launch.shared_bytes;
      case Special::nwarpid: return 64;  // Warps of a multiprocessor, on sm_80 and sm_90.
      case Special::smid: return block_.multiprocessor();
      case Special::nsmid: return kMultiprocessors;
    }
    return 0;
  };
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) row<std::uint32_t>(special.row)[lane] = value(lane);
  written_[special.row] = kAllLanes;
}

void Warp::fault(FaultKind kind, const Step& step, int lane, const std::string& message) const {
  const Place place = block_.place(step, thread(lane));
  throw KernelFault(
      kind, place,
      fmt::format("{} in {}: {}: {} (seed {})", to_string(kind), to_string(place),
                  block_.program().texts[step.instruction], message, block_.grid().options.seed));
}

void Warp::fault_unwritten(const Step& step, Mask lanes) const {
  std::string message = "a register whose value nobody wrote";
  if (unwritten_source_.step != kNone) {
    message += fmt::format("; the warp's latest read of unwritten bytes or of an exited lane: {}",
                           block_.describe(unwritten_source_.step, thread(unwritten_source_.lane)));
  }
  fault(FaultKind::unwritten, step, std::countr_zero(lanes), message);
}

}  // namespace perceptron::ptx
