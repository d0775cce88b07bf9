#include "src/ptx/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "perceptron/error.hpp"
#include "src/ptx/memory_state.hpp"

namespace perceptron::ptx {
namespace {

/// One record per granule, all zeros: nobody has accessed it.
void give_records(Allocation& allocation, int granule_log2) {
  const std::size_t granules = ((allocation.bytes.size() + 256) >> granule_log2) + 2;  // 256: the phase.
  allocation.records = ZeroPages<GlobalRecord>(granules);
}

}  // namespace

Memory::Memory() : state_(std::make_unique<State>()) {}
Memory::~Memory() = default;

DeviceAddress Memory::allocate(std::size_t bytes, std::string name, std::size_t phase) {
  auto allocation = std::make_unique<Allocation>();
  allocation->name = std::move(name);
  allocation->bytes = ZeroPages<std::byte>(bytes);
  allocation->written = ZeroPages<std::uint8_t>(bytes);
  allocation->is_fully_written = bytes == 0;
  const std::vector<std::unique_ptr<Allocation>>& all = state_->allocations;
  const auto free = std::find_if(all.begin(), all.end(), [](const auto& old) { return old->is_released; });
  const auto index = static_cast<std::uint64_t>(free - all.begin());
  const DeviceAddress address = ((index + 1) << kAllocationShift) + 256 + phase % 256;
  allocation->address = address;
  if (free == all.end()) {
    state_->allocations.push_back(std::move(allocation));
  } else {
    state_->allocations[index] = std::move(allocation);
  }
  return address;
}

void Memory::release(DeviceAddress address) {
  Allocation& allocation = state_->checked(address, 0);
  allocation.is_released = true;
  allocation.bytes = {};
  allocation.written = {};
  allocation.records = {};
}

void Memory::write(DeviceAddress to, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  Allocation& allocation = state_->checked(to, bytes.size());
  const std::size_t offset = to - allocation.address;
  std::memcpy(allocation.bytes.data() + offset, bytes.data(), bytes.size());
  std::memset(allocation.written.data() + offset, 1, bytes.size());
  if (bytes.size() == allocation.bytes.size()) allocation.is_fully_written = true;
}

void Memory::fill(DeviceAddress to, std::byte value, std::size_t bytes) {
  const std::vector<std::byte> values(bytes, value);
  write(to, values);
}

void Memory::read(DeviceAddress from, std::span<std::byte> bytes) const {
  if (bytes.empty()) return;
  const Allocation& allocation = state_->checked(from, bytes.size());
  std::memcpy(bytes.data(), allocation.bytes.data() + (from - allocation.address), bytes.size());
}

bool Memory::is_written(DeviceAddress from, std::size_t bytes) const {
  const Allocation& allocation = state_->checked(from, bytes);
  const std::uint8_t* written = allocation.written.data() + (from - allocation.address);
  return std::all_of(written, written + bytes, [](std::uint8_t byte) { return byte != 0; });
}

void Memory::protect(DeviceAddress address) { state_->checked(address, 0).is_read_only = true; }

Allocation& Memory::State::checked(DeviceAddress address, std::size_t bytes) const {
  Allocation* allocation = find(address);
  if (allocation == nullptr || address < allocation->address ||
      address - allocation->address + bytes > allocation->bytes.size()) {
    throw InvalidArgument(
        fmt::format("{} bytes at device address {:#x} lie in no allocation", bytes, address));
  }
  return *allocation;
}

void Memory::State::begin_launch(const Program& program) {
  variables.clear();
  for (const GlobalVariable& variable : program.variables) {
    auto allocation = std::make_unique<Allocation>();
    allocation->name = variable.name;
    allocation->address = variable_address(variables.size());
    const std::size_t bytes = variable.initial.size();
    allocation->bytes = ZeroPages<std::byte>(bytes);
    std::copy(variable.initial.begin(), variable.initial.end(), allocation->bytes.data());
    allocation->written = ZeroPages<std::uint8_t>(bytes);
    std::fill_n(allocation->written.data(), bytes, std::uint8_t{1});
    allocation->is_fully_written = true;
    give_records(*allocation, program.global_granule_log2);
    variables.push_back(std::move(allocation));
  }
  for (const auto& allocation : allocations) {
    allocation->records = {};
    if (allocation->is_released || allocation->is_read_only) continue;
    give_records(*allocation, program.global_granule_log2);
  }
}

}  // namespace perceptron::ptx
