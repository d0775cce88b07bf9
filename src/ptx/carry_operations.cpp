#include "src/ptx/carry_operations.hpp"

#include <cstdint>
#include <type_traits>

#include "src/ptx/warp.hpp"

namespace perceptron::ptx {
namespace {

/// Wide enough for two words and a carry, and for a product.
using Wide = unsigned __int128;

enum class Form : std::uint8_t { add, subtract, low_product, high_product };

constexpr bool is_product(Form form) { return form == Form::low_product || form == Form::high_product; }

template <class T>
Wide extended(T value) {
  if constexpr (std::is_signed_v<T>)
    return static_cast<Wide>(static_cast<__int128>(value));
  else
    return value;
}

/// source[3] is the carry's predicate where the instruction takes it, second_target where it gives one, both
/// kNone elsewhere. A difference is the sum first + ~second + 1, and its carry that sum's: 1 where nothing
/// was borrowed. The PTX ISA calls it the borrow, which is the same to `subc`; but nvcc's division of 128-bit
/// integers reads it by `addc`, and is right with this one alone.
template <class T, Form kForm>
void execute_with_carry(Warp& warp, const Step& step, Mask mask) {
  using Word = std::make_unsigned_t<T>;
  constexpr int kBits = sizeof(T) * 8, kSources = is_product(kForm) ? 3 : 2;
  for (int source = 0; source < kSources; ++source) warp.use(step, step.source[source], mask);
  Mask carries = kForm == Form::subtract ? kAllLanes : 0;
  if (const std::uint32_t taken = step.source[3]; taken != kNone) {
    warp.use_predicate(step, taken, mask);
    carries = warp.predicate(taken);
  }
  const auto word = [&](int source, int lane) { return warp.row<T>(step.source[source])[lane]; };
  Mask given = 0;
  for_each_lane(mask, [&](int lane) {
    Word first = static_cast<Word>(word(0, lane)), second = static_cast<Word>(word(kSources - 1, lane));
    if constexpr (is_product(kForm)) {
      const Wide product = extended(static_cast<T>(word(0, lane))) * extended(static_cast<T>(word(1, lane)));
      first = static_cast<Word>(kForm == Form::high_product ? product >> kBits : product);
    }
    if constexpr (kForm == Form::subtract) second = static_cast<Word>(~second);
    const Wide sum = Wide{first} + second + (carries >> lane & 1);
    warp.row<T>(step.target)[lane] = static_cast<Word>(sum);
    given |= static_cast<Mask>(sum >> kBits & 1) << lane;
  });
  warp.define(step.target, mask);
  if (step.second_target != kNone) warp.define_predicate(step.second_target, mask, given);
}

template <class T, Form kForm>
void decode_typed(Decoder& d) {
  if constexpr (is_product(kForm))
    d.elementwise(&execute_with_carry<T, kForm>, sizeof(T), {sizeof(T), sizeof(T), sizeof(T)});
  else
    d.elementwise(&execute_with_carry<T, kForm>, sizeof(T), {sizeof(T), sizeof(T)});
}

template <Form kForm>
void decode_form(Decoder& d, bool takes, bool gives) {
  const Type type = d.take_type();
  if (type == Type::u32) {
    decode_typed<std::uint32_t, kForm>(d);
  } else if (type == Type::s32) {
    decode_typed<std::int32_t, kForm>(d);
  } else if (type == Type::u64) {
    decode_typed<std::uint64_t, kForm>(d);
  } else if (type == Type::s64) {
    decode_typed<std::int64_t, kForm>(d);
  } else {
    d.refuse("carries are those of .u32, .s32, .u64 and .s64");
  }
  if (takes) d.step.source[3] = d.entry().carry();
  if (gives) d.step.second_target = d.entry().carry();
}

void decode_product(Decoder& d, bool takes, bool gives) {
  const int part = d.take_one_of({"lo", "hi"});
  if (part < 0) d.refuse("expected .lo or .hi");
  if (part == 0) return decode_form<Form::low_product>(d, takes, gives);
  decode_form<Form::high_product>(d, takes, gives);
}

void decode_addc(Decoder& d) { decode_form<Form::add>(d, true, d.take("cc")); }
void decode_subc(Decoder& d) { decode_form<Form::subtract>(d, true, d.take("cc")); }
void decode_madc(Decoder& d) { decode_product(d, true, d.take("cc")); }

constexpr Operation kOperations[]{{"addc", decode_addc}, {"subc", decode_subc}, {"madc", decode_madc}};

}  // namespace

std::span<const Operation> carry_operations() { return kOperations; }

void decode_add_cc(Decoder& d) { decode_form<Form::add>(d, false, true); }
void decode_sub_cc(Decoder& d) { decode_form<Form::subtract>(d, false, true); }
void decode_mad_cc(Decoder& d) { decode_product(d, false, true); }

}  // namespace perceptron::ptx
