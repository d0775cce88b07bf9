#include "src/ptx/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "src/ptx/global_access.hpp"

namespace perceptron::ptx {
namespace {

[[noreturn]] void fault_outside(const LaneAccess& access, std::uint64_t address, std::size_t bytes) {
  const Memory::State& memory = access.warp.block().grid().memory;
  // Nearest, so that what lies before an allocation is not said to lie far behind the one below.
  const Allocation* allocation = memory.find(address + (std::uint64_t{1} << (kAllocationShift - 1)));
  if (allocation == nullptr) allocation = memory.find(address);
  std::string where = "in no allocation";
  if (allocation != nullptr) {
    const auto distance = static_cast<std::int64_t>(address - allocation->address);
    where = fmt::format("at byte {} of \"{}\", which has {}", distance, allocation->name,
                        allocation->bytes.size());
  }
  access.fault(FaultKind::out_of_bounds, fmt::format("{} bytes at {:#x}: {}", bytes, address, where));
}

/// Why an address of shared memory may be none.
std::string_view hint_of(const SharedMemory& shared, std::uint64_t address, std::size_t bytes) {
  const bool is_generic = shared.contains(address - kSharedGeneric, bytes) ||
                          shared.contains(address - static_cast<std::uint32_t>(kSharedGeneric), bytes);
  return is_generic ? "; this is a generic address: cvta.to.shared is missing" : "";
}

Target resolve_shared(const LaneAccess& access, std::uint64_t address, std::size_t bytes) {
  SharedMemory& shared = access.warp.block().shared();
  if (!shared.contains(address, bytes)) {
    const std::string room =
        shared.size_bytes() == 0
            ? "the block has no shared memory; dynamic shared memory is given at the launch"
            : fmt::format("the block's shared memory is {} … {}", kSharedBase,
                          kSharedBase + shared.size_bytes() - 1);
    access.fault(FaultKind::out_of_bounds, fmt::format("{} bytes at shared address {}: {}{}", bytes, address,
                                                       room, hint_of(shared, address, bytes)));
  }
  return {shared.at(address), Space::shared, nullptr, address};
}

Target resolve_global(const LaneAccess& access, std::uint64_t address, std::size_t bytes, bool is_write) {
  Allocation* allocation = access.warp.block().grid().memory.find(address);
  if (allocation == nullptr || address < allocation->address ||
      address - allocation->address + bytes > allocation->bytes.size()) {
    fault_outside(access, address, bytes);
  }
  if (is_write && allocation->is_read_only) {
    access.fault(FaultKind::out_of_bounds,
                 fmt::format("writes to \"{}\", which is read-only", allocation->name));
  }
  const std::uint64_t offset = address - allocation->address;
  return {allocation->bytes.data() + offset, Space::global, allocation, offset};
}

Target resolve_within(const LaneAccess& access, Space space, std::span<std::byte> memory,
                      std::uint64_t offset, std::size_t bytes) {
  if (offset > memory.size() || bytes > memory.size() - offset) {
    access.fault(FaultKind::out_of_bounds,
                 fmt::format("{} bytes at byte {} of {}", bytes, offset, memory.size()));
  }
  return {memory.data() + offset, space, nullptr, offset};
}

[[noreturn]] void fault_shared(const LaneAccess& access, Conflict conflict, bool is_same_value) {
  const Block& block = access.warp.block();
  const SharedMemory& shared = const_cast<Block&>(block).shared();
  const std::size_t granule = shared.conflict_granule();
  const std::uint64_t address = kSharedBase + granule * shared.granule_bytes();
  if (conflict == Conflict::outside) {
    const std::vector<SharedGap>& gaps = block.program().shared_gaps;
    const auto gap =
        std::find_if(gaps.begin(), gaps.end(), [&](const SharedGap& one) { return address < one.end; });
    access.fault(FaultKind::out_of_bounds, fmt::format("shared address {}: {} bytes behind the end of \"{}\"",
                                                       address, address - gap->begin, gap->behind));
  }
  if (conflict == Conflict::in_flight) {
    access.fault(FaultKind::pending_copy,
                 fmt::format("shared address {}: an asynchronous copy by {} may still be writing there",
                             address, block.describe_copy_to(address)));
  }
  const bool with_writer = conflict == Conflict::writer;
  const Accessor& other = shared.conflict_other();
  const std::string who = block.describe(block.step_at(other.stamp), other.thread);
  if (with_writer && other.thread >= block.threads()) {
    access.fault(FaultKind::pending_copy,
                 fmt::format("shared address {}: no wait of this thread covers {}", address, who));
  }
  access.fault(is_same_value && with_writer ? FaultKind::same_value_race : FaultKind::race,
               fmt::format("shared address {}: unordered with the {} by {}", address,
                           with_writer ? "write" : "read", who));
}

/// Of an access to local memory: one per byte.
std::uint8_t* local_written(const LaneAccess& access, const Target& target) {
  return access.warp.block().local(access.thread()).written.data() + target.offset;
}

/// What Releases knows the target by.
std::uint64_t place_of(const Target& target) {
  return target.allocation == nullptr ? target.offset : target.allocation->address + target.offset;
}

/// PTX ISA, "mbarrier": the object's memory is nobody else's, another mbarrier.init included, until
/// mbarrier.inval.
void check_is_no_mbarrier(const LaneAccess& access, std::uint64_t address, std::size_t bytes) {
  const auto& barriers = access.warp.block().mbarriers();
  const auto next = barriers.upper_bound(address + bytes - 1);
  if (next == barriers.begin()) return;
  const std::uint64_t last = std::prev(next)->first;
  if (last + sizeof(std::uint64_t) > address) {
    access.fault(FaultKind::barrier,
                 fmt::format("writes to the live mbarrier at shared address {:#x}", last));
  }
}

}  // namespace

Target resolve(const LaneAccess& access, Space space, std::uint64_t address, std::size_t bytes, bool is_write,
               std::size_t alignment) {
  if (alignment == 0) alignment = bytes;
  if (address % alignment != 0) {
    access.fault(FaultKind::misaligned, fmt::format("{:#x} is no multiple of {} bytes", address, alignment));
  }
  if (space == Space::generic) {
    if (address >= std::uint64_t{1} << kAllocationShift)
      return resolve_global(access, address, bytes, is_write);
    const std::uint64_t window = window_of(address);
    if (window == kSharedWindow) return resolve_shared(access, address - kSharedGeneric, bytes);
    space = window == kLocalWindow       ? Space::local
            : window == kParameterWindow ? Space::param
            : window == kConstantWindow  ? Space::constant
                                         : Space::global;
    if (space == Space::local) address -= window;
  }
  // Parameters of functions are local variables of the caller.
  if (space == Space::param && window_of(address) == 0) space = Space::local;
  switch (space) {
    case Space::shared: return resolve_shared(access, address, bytes);
    case Space::local:
      return resolve_within(access, space, access.warp.block().local(access.thread()).bytes, address, bytes);
    case Space::param:
    case Space::constant: {
      if (is_write) access.fault(FaultKind::out_of_bounds, "writes to read-only memory");
      const bool is_parameter = space == Space::param;
      const auto data = is_parameter
                            ? access.warp.block().grid().launch.arguments.bytes()
                            : std::span<const std::byte>(access.warp.block().program().constant_data);
      return resolve_within(access, space, {const_cast<std::byte*>(data.data()), data.size()},
                            address - (is_parameter ? kParameterWindow : kConstantWindow), bytes);
    }
    default: return resolve_global(access, address, bytes, is_write);
  }
}

bool note_read(const LaneAccess& access, const Target& target, std::size_t bytes, bool by_several_lanes) {
  Block& block = access.warp.block();
  if (!block.is_watched()) return true;
  if (target.space != Space::shared) {
    if (target.space == Space::global && access.is_strong(target)) {
      note_strong_global_read(access, target, bytes);
    } else if (target.space == Space::global) {
      note_global_read(access, target, bytes, by_several_lanes);
    }
    return is_written(access, target, bytes);
  }
  SharedMemory& shared = block.shared();
  const std::size_t first = shared.granule(target.offset), count = shared.granules(bytes);
  const Conflict conflict =
      access.is_strong(target) ? shared.read_strong(first, count, access.thread(), block.clocks())
                               : shared.read(first, count, access.thread(), by_several_lanes, block.clocks());
  if (conflict == Conflict::none) return true;
  if (conflict != Conflict::unwritten) fault_shared(access, conflict, false);
  return false;
}

void note_write(const LaneAccess& access, const Target& target, std::size_t bytes, const std::byte* value) {
  Block& block = access.warp.block();
  if (target.space == Space::global) {
    if (block.is_watched() && access.is_strong(target)) {
      note_strong_global_write(access, target, bytes);
    } else if (block.is_watched()) {
      note_global_write(access, target, bytes, value);
    } else {
      std::fill_n(target.allocation->written.data() + target.offset, bytes, std::uint8_t{1});
    }
    return;
  }
  if (!block.is_watched()) return;
  if (target.space == Space::local) std::fill_n(local_written(access, target), bytes, std::uint8_t{1});
  if (target.space != Space::shared) return;
  SharedMemory& shared = block.shared();
  if (!block.mbarriers().empty()) check_is_no_mbarrier(access, target.offset, bytes);
  const std::size_t first = shared.granule(target.offset), count = shared.granules(bytes);
  const bool is_observer = access.step.order.is_atomic && block.program().has_flags;
  const Conflict conflict =
      access.is_strong(target)
          ? shared.write_strong(first, count, access.thread(), is_observer, block.clocks())
          : shared.write(first, count, access.thread(), block.clocks());
  if (conflict == Conflict::none) return;
  const bool is_same_value = conflict == Conflict::writer && has_same_value(target, bytes, value);
  if (!is_same_value || !block.grid().options.forgives_same_value)
    fault_shared(access, conflict, is_same_value);
  shared.mark(first, count, access.thread(), block.clocks().now());
}

void hear(const LaneAccess& access, const Target& target) {
  Block& block = access.warp.block();
  if (!access.is_strong(target) || !block.is_watched()) return;
  const Releases& releases = block.releases(target.space);
  const auto told = releases.find(place_of(target));
  if (told == releases.end()) return;
  const MemoryOrder order = access.step.order;
  if (order.acquires) {
    block.clocks().learn(access.thread(), order.scope, told->second);
  } else {
    block.clocks().hear(access.thread(), told->second);
  }
}

void tell(const LaneAccess& access, const Target& target, bool is_atomic) {
  Block& block = access.warp.block();
  if (!access.is_strong(target) || !block.is_watched()) return;
  Clocks& clocks = block.clocks();
  const MemoryOrder order = access.step.order;
  if (order.releases) clocks.perform(access.thread(), order.scope);
  Releases& releases = block.releases(target.space);
  if (!is_atomic) releases.erase(place_of(target));
  if (clocks.has_performed()) clocks.tell(access.thread(), order.scope, releases[place_of(target)]);
}

bool is_written(const LaneAccess& access, const Target& target, std::size_t bytes) {
  if (target.space == Space::global) {
    const std::uint8_t* written = target.allocation->written.data() + target.offset;
    return target.allocation->is_fully_written || std::memchr(written, 0, bytes) == nullptr;
  }
  if (target.space == Space::local) {
    return std::memchr(local_written(access, target), 0, bytes) == nullptr;
  }
  if (target.space != Space::shared) return true;
  const SharedMemory& shared = access.warp.block().shared();
  const std::size_t first = shared.granule(target.offset);
  for (std::size_t g = first; g < first + shared.granules(bytes); ++g) {
    if (!shared.is_written(g)) return false;
  }
  return true;
}

void mark_unwritten(const LaneAccess& access, const Target& target, std::size_t bytes) {
  if (target.space == Space::local) std::fill_n(local_written(access, target), bytes, std::uint8_t{0});
  if (target.space != Space::shared) return;
  SharedMemory& shared = access.warp.block().shared();
  shared.mark(shared.granule(target.offset), shared.granules(bytes), 0, 0);
}

}  // namespace perceptron::ptx
