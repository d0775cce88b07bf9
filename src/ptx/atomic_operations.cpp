// atom and red: one lane after another, in an order that the seed chooses.
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <mutex>
#include <type_traits>

#include "perceptron/float16.hpp"
#include "src/ptx/access.hpp"
#include "src/ptx/memory_operations.hpp"

namespace perceptron::ptx {
namespace {

enum class AtomicKind : std::uint8_t { add, min, max, exch, cas, bit_and, bit_or, bit_xor, inc, dec };

template <class T>
T combine(AtomicKind kind, T old, T operand, T second) {
  using U = std::make_unsigned_t<T>;
  switch (kind) {
    case AtomicKind::add: return static_cast<T>(static_cast<U>(old) + static_cast<U>(operand));
    case AtomicKind::min: return operand < old ? operand : old;
    case AtomicKind::max: return old < operand ? operand : old;
    case AtomicKind::exch: return operand;
    case AtomicKind::cas: return old == operand ? second : old;
    case AtomicKind::bit_and: return static_cast<T>(old & operand);
    case AtomicKind::bit_or: return static_cast<T>(old | operand);
    case AtomicKind::bit_xor: return static_cast<T>(old ^ operand);
    case AtomicKind::inc: return old >= operand ? T{0} : static_cast<T>(old + 1);
    case AtomicKind::dec: return old == 0 || old > operand ? operand : static_cast<T>(old - 1);
  }
  return old;
}

/// PTX ISA, atom and red: rounded to nearest, subnormals kept; but f32 in global memory, where they become 0.
template <std::floating_point T>
T sum_in(Space space, T old, T operand) {
  const bool flushes = sizeof(T) == 4 && space == Space::global;
  const auto kept = [&](T value) {
    return flushes && std::fabs(value) < std::numeric_limits<T>::min() ? std::copysign(T{0}, value) : value;
  };
  const T sum = kept(kept(old) + kept(operand));
  return sum != sum ? std::numeric_limits<T>::quiet_NaN() : sum;
}

/// What an operation leaves behind: of integers and bits,
struct Combined {
  template <class T>
  static T apply(AtomicKind kind, Space, T old, T operand, T second) {
    return combine(kind, old, operand, second);
  }
};
/// of floats,
struct Sum {
  template <class T>
  static T apply(AtomicKind, Space space, T old, T operand, T) {
    return sum_in(space, old, operand);
  }
};
/// and of one or two f16 or bf16, each by itself. Their sum in double precision rounds once more to what it
/// would have rounded to at once: 53 bits are more than twice theirs.
template <class H>
struct HalfSum {
  template <class T>
  static T apply(AtomicKind, Space, T old, T operand, T) {
    T result = 0;
    for (std::size_t shift = 0; shift < 8 * sizeof(T); shift += 16) {
      const auto part = [&](T bits) {
        return static_cast<double>(H::from_bits(static_cast<std::uint16_t>(bits >> shift)));
      };
      const double sum = part(old) + part(operand);
      const std::uint16_t bits = sum != sum ? kHalfNan : H(sum).bits;
      result = static_cast<T>(result | static_cast<T>(T{bits} << shift));
    }
    return result;
  }
  static constexpr std::uint16_t kHalfNan = 0x7fff;
};

/// What an operation returns and computes with must have been written; only exch may be the first to write.
bool is_ready(const LaneAccess& access, const Target& target, std::size_t bytes, AtomicKind kind) {
  if (!access.warp.block().is_watched() || is_written(access, target, bytes)) return true;
  if (kind != AtomicKind::exch) access.fault(FaultKind::unwritten, "changes bytes that nobody wrote");
  access.warp.remember_unwritten(access.step, access.lane);
  return false;
}

/// source: 0 address, 1 operand, 2 cas's new value. list: kind, space, whether the address is wide.
template <class T, class Next = Combined>
void execute_atomic(Warp& warp, const Step& step, Mask mask) {
  for (const std::uint32_t row : {step.source[0], step.source[1], step.source[2]}) {
    if (row != kNone) warp.use(step, row, mask);
  }
  Block& block = warp.block();
  block.begin_access(step);
  const std::uint32_t* list = block.program().lists.data() + step.list;
  const auto kind = static_cast<AtomicKind>(list[0]);
  const int first = static_cast<int>(block.random().below(kLanes));
  Mask written = mask;
  for (int turn = 0; turn < kLanes; ++turn) {
    const int lane = (first + turn) % kLanes;
    if ((mask >> lane & 1) == 0) continue;
    const LaneAccess access{warp, step, lane};
    const std::uint64_t address = lane_address(warp, step, lane, list[2] != 0);
    const Target target = resolve(access, static_cast<Space>(list[1]), address, sizeof(T), true);
    const std::lock_guard lock(block.grid().order.mutex);
    if (!is_ready(access, target, sizeof(T), kind)) written &= ~(Mask{1} << lane);
    note_write(access, target, sizeof(T));
    // An operation that returns what it found learns with it, .acquire or not: the CUDA guide's own sum of
    // all blocks ("Memory Fence Functions") has no fence behind it.
    if (step.target != kNone) hear(access, target);
    tell(access, target, true);
    T old;
    std::memcpy(&old, target.data, sizeof(T));
    const T operand = from_slot<T>(warp.row<T>(step.source[1])[lane]);
    const T second = step.source[2] == kNone ? T{} : from_slot<T>(warp.row<T>(step.source[2])[lane]);
    const T result = Next::apply(kind, target.space, old, operand, second);
    std::memcpy(target.data, &result, sizeof(T));
    if (step.target != kNone) warp.row<T>(step.target)[lane] = to_slot(old);
  }
  if (step.target != kNone) warp.define_as(step.target, mask, written);
}

/// The order of additions of floats shows in their sum.
Execute sum_of(Decoder& d, Type type) {
  d.require_approximate("the order of these additions shows in the result");
  switch (type) {
    case Type::f32: return &execute_atomic<float, Sum>;
    case Type::f64: return &execute_atomic<double, Sum>;
    case Type::f16: return &execute_atomic<std::uint16_t, HalfSum<Float16>>;
    case Type::bf16: return &execute_atomic<std::uint16_t, HalfSum<BFloat16>>;
    case Type::f16x2: return &execute_atomic<std::uint32_t, HalfSum<Float16>>;
    default: return &execute_atomic<std::uint32_t, HalfSum<BFloat16>>;
  }
}

Execute execute_of(Decoder& d, Type type, AtomicKind kind) {
  switch (type) {
    case Type::b16:
      if (kind == AtomicKind::cas) return &execute_atomic<std::uint16_t>;
      break;
    case Type::b32:
    case Type::u32: return &execute_atomic<std::uint32_t>;
    case Type::s32: return &execute_atomic<std::int32_t>;
    case Type::b64:
    case Type::u64: return &execute_atomic<std::uint64_t>;
    case Type::s64: return &execute_atomic<std::int64_t>;
    case Type::f16:
    case Type::bf16:
    case Type::f16x2:
    case Type::bf16x2:
      if (!d.take("noftz")) d.refuse("expected .noftz");
      [[fallthrough]];
    case Type::f32:
    case Type::f64:
      if (kind == AtomicKind::add) return sum_of(d, type);
      break;
    default: break;
  }
  d.refuse("atomics of this type are not known");
}

void decode_atomic(Decoder& d, bool has_result) {
  const Space space = take_space(d);
  d.step.order = take_order(d, space, true);
  const int kind = d.take_one_of({"add", "min", "max", "exch", "cas", "and", "or", "xor", "inc", "dec"});
  if (kind < 0) d.refuse("this atomic operation is not known");
  const Type type = d.take_type();
  const std::size_t bytes = size_of(type);
  d.step.execute = execute_of(d, type, static_cast<AtomicKind>(kind));
  const std::size_t at = has_result ? 1 : 0;
  const auto* name = has_result ? std::get_if<Name>(&d.operand(0).value) : nullptr;
  if (has_result && (name == nullptr || name->text != "_")) d.step.target = d.target(0, bytes);
  d.address(at, space);
  d.step.source[1] = d.source(at + 1, bytes);
  if (static_cast<AtomicKind>(kind) == AtomicKind::cas) d.step.source[2] = d.source(at + 2, bytes);
  std::vector<std::uint32_t>& lists = d.entry().program().lists;
  d.step.list = static_cast<std::uint32_t>(lists.size());
  lists.insert(lists.end(), {static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(space),
                             d.is_wide_address() ? 1u : 0u});
}

void decode_atom(Decoder& d) { decode_atomic(d, true); }
void decode_red(Decoder& d) { decode_atomic(d, false); }

constexpr Operation kOperations[]{{"atom", decode_atom}, {"red", decode_red}};

}  // namespace

std::span<const Operation> atomic_operations() { return kOperations; }

}  // namespace perceptron::ptx
