// The public face of the machine: one entry, its arguments laid out, one launch in memory of its own.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <mutex>

#include "perceptron/error.hpp"
#include "perceptron/ptx.hpp"
#include "src/ptx/entry_decoder.hpp"
#include "src/ptx/machine.hpp"
#include "src/ptx/parser.hpp"
#include "src/ptx/program.hpp"

namespace perceptron {
namespace {

/// True where the number fits that many bytes, with a sign or without.
bool fits(std::int64_t value, std::size_t bytes) {
  if (bytes == 8) return true;
  const int bits = static_cast<int>(8 * bytes);
  return value >= -(std::int64_t{1} << (bits - 1)) && value < std::int64_t{1} << bits;
}

bool is_real(ptx::Type type) { return type == ptx::Type::f32 || type == ptx::Type::f64; }

/// Declared as an integer, and not as bits that may be anything.
bool is_whole(ptx::Type type) { return type >= ptx::Type::u8 && type <= ptx::Type::s64; }

/// What messages add where a structure is among the parameters.
std::string structure_text(const ptx::Entry& entry) {
  for (const ptx::Parameter& parameter : entry.parameters) {
    if (parameter.type != ptx::Type::b8 || parameter.bytes <= 8) continue;
    return fmt::format("; {} is a structure of {} bytes, whose members must be given as one", parameter.name,
                       parameter.bytes);
  }
  return {};
}

std::size_t round_up(std::size_t bytes, std::size_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

std::uint32_t extent(std::int64_t value, const char* name) {
  if (value >= 1 && value <= std::numeric_limits<std::int32_t>::max())
    return static_cast<std::uint32_t>(value);
  throw InvalidArgument(fmt::format("{}: {} is none of 1 to 2^31 - 1", name, value));
}

kernels::Extent extents(const std::array<std::int64_t, 3>& sizes, const char* name) {
  return {extent(sizes[0], name), extent(sizes[1], name), extent(sizes[2], name)};
}

/// The arguments of one launch: their bytes, laid out as the entry declares its parameters, and the memory
/// that they point to.
class LaidOut {
 public:
  LaidOut(const std::string& name, const ptx::Entry& entry) : name_(name), entry_(entry) {}

  void add(const PtxArgument& argument) {
    parameter_ = &entry_.parameters[index_++];
    place_ = {parameter_->bytes, parameter_->type};
    bytes_.resize(round_up(bytes_.size(), parameter_->alignment));
    std::visit([this](const auto& value) { append(value); }, argument);
  }

  kernels::ArgumentBytes bytes() const {
    if (bytes_.size() <= kernels::ArgumentBytes::kCapacity) return kernels::ArgumentBytes(std::span(bytes_));
    throw Unsupported(fmt::format("{}: {} takes {} bytes of arguments; the machine takes up to {}", name_,
                                  entry_.name, bytes_.size(), kernels::ArgumentBytes::kCapacity));
  }
  ptx::Memory& memory() { return memory_; }

  /// Copies what the kernel wrote to where it was asked for; the rest are gaps.
  std::vector<PtxGap> copy_out() const {
    std::vector<PtxGap> gaps;
    for (const Written& written : outputs_) {
      const PtxGap gap = copy_out(written);
      if (gap.bytes > 0) gaps.push_back(gap);
    }
    return gaps;
  }

 private:
  /// Where a value goes: a parameter, or a member of one, whose type nobody knows.
  struct Place {
    std::size_t bytes;
    ptx::Type type;
  };
  struct Written {
    std::string name;
    std::span<std::byte> bytes;
    ptx::DeviceAddress address;
  };

  [[noreturn]] void refuse(const std::string& what) const {
    throw InvalidArgument(fmt::format("{}: argument {} of {}, a parameter of {} bytes: {}{}", name_,
                                      index_ - 1, entry_.name, parameter_->bytes, what,
                                      structure_text(entry_)));
  }

  template <class Value>
  void append(const Value& value) {
    const std::uint64_t bits = bits_of(value);
    const std::size_t at = bytes_.size();
    bytes_.resize(at + place_.bytes);
    std::memcpy(bytes_.data() + at, &bits, place_.bytes);
  }
  void append(const PtxStructure& structure) {
    const std::size_t begin = bytes_.size();
    std::size_t alignment = 1;
    for (const PtxMember& member : structure.members) {
      const bool is_number =
          std::holds_alternative<std::int64_t>(member.value) || std::holds_alternative<double>(member.value);
      place_ = {is_number ? member.bytes : sizeof(ptx::DeviceAddress), ptx::Type::b8};
      if (place_.bytes == 0 || place_.bytes > 8 || !std::has_single_bit(place_.bytes))
        refuse(fmt::format("a member of {} bytes; numbers have 1, 2, 4 or 8", place_.bytes));
      alignment = std::max(alignment, place_.bytes);
      bytes_.resize(begin + round_up(bytes_.size() - begin, place_.bytes));
      std::visit([this](const auto& value) { append(value); }, member.value);
    }
    bytes_.resize(begin + round_up(bytes_.size() - begin, alignment));
    const std::size_t bytes = bytes_.size() - begin;
    if (bytes != parameter_->bytes) refuse(fmt::format("the structure's members take {}", bytes));
  }

  ptx::DeviceAddress allocate(const std::string& name, std::size_t bytes) {
    if (place_.bytes != 8) refuse(fmt::format("{} is an address, which takes 8", name));
    return memory_.allocate(bytes, name);
  }
  std::uint64_t bits_of(const PtxInput& input) {
    const ptx::DeviceAddress address = allocate(input.name, input.bytes.size());
    memory_.write(address, input.bytes);
    memory_.protect(address);
    return address;
  }
  std::uint64_t bits_of(const PtxOutput& output) {
    outputs_.push_back({output.name, output.bytes, allocate(output.name, output.bytes.size())});
    return outputs_.back().address;
  }
  std::uint64_t bits_of(const PtxBuffer& buffer) {
    outputs_.push_back({buffer.name, buffer.bytes, allocate(buffer.name, buffer.bytes.size())});
    memory_.write(outputs_.back().address, buffer.bytes);
    return outputs_.back().address;
  }
  std::uint64_t bits_of(std::int64_t value) const {
    const std::size_t bytes = place_.bytes;
    if (is_real(place_.type)) return bits_of(static_cast<double>(value));
    if (bytes > 8 || !std::has_single_bit(bytes)) refuse("a number takes 1, 2, 4 or 8");
    if (!fits(value, bytes)) refuse(fmt::format("{} does not fit", value));
    return static_cast<std::uint64_t>(value);
  }
  std::uint64_t bits_of(double value) const {
    if (is_whole(place_.type))
      refuse(
          fmt::format("{} is a real number, and it is declared as {}", value, ptx::to_string(place_.type)));
    if (place_.bytes == 8) return std::bit_cast<std::uint64_t>(value);
    if (place_.bytes != 4) refuse("a real number takes 4 or 8");
    return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  }

  PtxGap copy_out(const Written& written) const {
    PtxGap gap{written.name};
    const std::span<std::byte> to = written.bytes;
    if (memory_.is_written(written.address, to.size())) {
      memory_.read(written.address, to);
      return gap;
    }
    for (std::size_t byte = 0; byte < to.size(); ++byte) {
      if (memory_.is_written(written.address + byte, 1)) {
        memory_.read(written.address + byte, to.subspan(byte, 1));
      } else if (gap.bytes++ == 0) {
        gap.first_byte = byte;
      }
    }
    return gap;
  }

  const std::string& name_;
  const ptx::Entry& entry_;
  ptx::Memory memory_;
  std::vector<Written> outputs_;
  std::vector<std::byte> bytes_;
  const ptx::Parameter* parameter_ = nullptr;  ///< The one that is written,
  Place place_{};                              ///< and where in it.
  std::size_t index_ = 0;
};

}  // namespace

struct PtxKernel::State {
  std::string name;
  ptx::Module module;
  const ptx::Entry* entry = nullptr;
  ptx::Program program;
  std::vector<PtxParameter> parameters;
};

PtxKernel::PtxKernel(std::string_view text, std::string_view name, std::string_view entry,
                     PtxRounding rounding)
    : state_(std::make_unique<State>()) {
  state_->name = name;
  state_->module = ptx::parse(text, name);
  state_->entry = &state_->module.entry(entry);
  state_->program = ptx::decode(state_->module, *state_->entry, rounding);
  for (const ptx::Parameter& parameter : state_->entry->parameters) {
    state_->parameters.push_back(
        {parameter.name, parameter.bytes, std::string(ptx::to_string(parameter.type))});
  }
}
PtxKernel::PtxKernel(PtxKernel&&) noexcept = default;
PtxKernel& PtxKernel::operator=(PtxKernel&&) noexcept = default;
PtxKernel::~PtxKernel() = default;

const std::vector<PtxParameter>& PtxKernel::parameters() const { return state_->parameters; }

PtxReport PtxKernel::run(const PtxLaunch& launch) const {
  if (launch.arguments.size() != state_->parameters.size()) {
    throw InvalidArgument(fmt::format("{}: {} arguments for {}, which has {} parameters{}", state_->name,
                                      launch.arguments.size(), state_->entry->name, state_->parameters.size(),
                                      structure_text(*state_->entry)));
  }
  if (launch.threads < 0) {
    throw InvalidArgument(fmt::format("threads: {}, expected 0 (one per core) or more", launch.threads));
  }
  if (launch.shared_bytes < 0 || launch.shared_bytes > std::numeric_limits<std::int32_t>::max()) {
    throw InvalidArgument(fmt::format("shared_bytes: {} is none of 0 to 2^31 - 1", launch.shared_bytes));
  }
  LaidOut arguments(state_->name, *state_->entry);
  for (const PtxArgument& argument : launch.arguments) arguments.add(argument);
  kernels::Launch described;
  described.entry = state_->entry->name;
  described.grid = extents(launch.grid, "grid");
  described.block = extents(launch.block, "block");
  described.shared_bytes = static_cast<std::uint32_t>(launch.shared_bytes);
  described.arguments = arguments.bytes();
  ptx::RunOptions options;
  options.seed = launch.seed;
  options.threads = launch.threads;
  options.forgives_same_value = launch.allows_same_value_stores;
  options.instruction_budget = launch.instruction_budget;
  options.poll = launch.poll;
  std::mutex printing;
  if (launch.print) {
    options.print = [&](std::string_view text) {
      const std::lock_guard lock(printing);
      launch.print(text);
    };
  }
  const ptx::RunReport done = ptx::run(state_->program, described, arguments.memory(), options);
  return {done.blocks, done.warp_instructions, arguments.copy_out()};
}

}  // namespace perceptron
