// call: where a function's copy begins (calls.hpp), and the functions without a body that nvcc's output
// counts on, __assertfail and vprintf.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "src/ptx/access.hpp"
#include "src/ptx/format.hpp"
#include "src/ptx/warp_operations.hpp"

namespace perceptron::ptx {
namespace {

/// Longer texts are cut.
constexpr std::size_t kLongestText = 4096;

/// Step::list: the addresses of the arguments, which are local variables, as they are declared; then that of
/// the result.
std::uint64_t argument_address(const LaneAccess& access, std::size_t index) {
  return access.warp.block().program().lists[access.step.list + index];
}

template <class T>
T read(const LaneAccess& access, Space space, std::uint64_t address) {
  const Target target = resolve(access, space, address, sizeof(T), false);
  if (!note_read(access, target, sizeof(T)))
    access.fault(FaultKind::unwritten, fmt::format("{} bytes of an argument that nobody wrote", sizeof(T)));
  T value;
  std::memcpy(&value, target.data, sizeof(T));
  return value;
}

template <class T>
T argument(const LaneAccess& access, std::size_t index) {
  return read<T>(access, Space::local, argument_address(access, index));
}

/// To the zero at its end.
std::string text_at(const LaneAccess& access, std::uint64_t address) {
  std::string text;
  while (text.size() < kLongestText) {
    const char next = read<char>(access, Space::generic, address + text.size());
    if (next == '\0') break;
    text += next;
  }
  return text;
}

/// void __assertfail(const char* expression, const char* file, unsigned line, const char* function, size_t).
void fail_assertion(Warp& warp, const Step& step, Mask mask) {
  warp.block().begin_access(step);
  const LaneAccess access{warp, step, std::countr_zero(mask)};
  const std::string expression = text_at(access, argument<std::uint64_t>(access, 0));
  const std::string file = text_at(access, argument<std::uint64_t>(access, 1));
  const std::string function = text_at(access, argument<std::uint64_t>(access, 3));
  access.fault(FaultKind::assertion, fmt::format("{}, {}:{}, in {}", expression, file,
                                                 argument<std::uint32_t>(access, 2), function));
}

/// int vprintf(const char* format, const void* values): the values lie one behind the other, each at a
/// multiple of its size.
void print(Warp& warp, const Step& step, Mask mask) {
  Block& block = warp.block();
  block.begin_access(step);
  for_each_lane(mask, [&](int lane) {
    const LaneAccess access{warp, step, lane};
    std::uint64_t next = argument<std::uint64_t>(access, 1);
    const auto value_of = [&](std::size_t bytes) -> std::uint64_t {
      next = (next + bytes - 1) / bytes * bytes;
      const std::uint64_t at = std::exchange(next, next + bytes);
      return bytes == 4 ? read<std::uint32_t>(access, Space::generic, at)
                        : read<std::uint64_t>(access, Space::generic, at);
    };
    const Printed printed = format(text_at(access, argument<std::uint64_t>(access, 0)), value_of,
                                   [&](std::uint64_t address) { return text_at(access, address); });
    block.print(printed.text);
    const Target result = resolve(access, Space::local, argument_address(access, 2), sizeof(int), true);
    note_write(access, result, sizeof(int));
    std::memcpy(result.data, &printed.values, sizeof(int));
  });
}

/// Step::list: three counts, and then so many rows, predicates, and local variables by address and size. Each
/// call begins with none of them written, whatever the last one left.
void begin_function(Warp& warp, const Step& step, Mask mask) {
  Block& block = warp.block();
  const std::uint32_t* list = block.program().lists.data() + step.list;
  const std::uint32_t* next = list + 3;
  for (std::uint32_t row = 0; row < list[0]; ++row) warp.define_as(*next++, mask, 0);
  for (std::uint32_t predicate = 0; predicate < list[1]; ++predicate)
    warp.predicate_written(*next++) &= ~mask;
  for (std::uint32_t variable = 0; variable < list[2]; ++variable, next += 2) {
    for_each_lane(mask, [&](int lane) {
      std::fill_n(block.local(warp.thread(lane)).written.data() + next[0], next[1], std::uint8_t{0});
    });
  }
}

/// Operands: the function's registers, and its variables.
void decode_function(Decoder& d) {
  std::vector<std::uint32_t> rows, predicates, variables;
  for (const Operand& one : std::get<Vector>(d.operand(0).value).elements) {
    const std::string& name = std::get<Name>(one.value).text;
    Type type{};
    const std::uint32_t row = d.entry().register_row(name, type);
    if (row != kNone)
      rows.push_back(row);
    else
      predicates.push_back(d.entry().predicate_number(name));
  }
  for (const Operand& one : std::get<Vector>(d.operand(1).value).elements) {
    const auto& variable = std::get<Address>(one.value);
    std::uint64_t address = 0;
    Space space{};
    d.entry().find_symbol(variable.base, address, space);
    variables.push_back(static_cast<std::uint32_t>(address));
    variables.push_back(static_cast<std::uint32_t>(variable.offset));
  }
  std::vector<std::uint32_t>& lists = d.entry().program().lists;
  d.step.list = static_cast<std::uint32_t>(lists.size());
  for (const std::size_t count : {rows.size(), predicates.size(), variables.size() / 2})
    lists.push_back(static_cast<std::uint32_t>(count));
  for (const auto* part : {&rows, &predicates, &variables})
    lists.insert(lists.end(), part->begin(), part->end());
  d.step.execute = &begin_function;
}

struct RuntimeFunction {
  std::string_view name;
  std::size_t arguments, results;
  Execute execute;
};

constexpr std::array kRuntimeFunctions{RuntimeFunction{"__assertfail", 5, 0, &fail_assertion},
                                       RuntimeFunction{"vprintf", 2, 1, &print}};

}  // namespace

void decode_call(Decoder& d) {
  d.take("uni");
  if (d.operand_count() == 2) return decode_function(d);
  const std::string& name = std::get<Name>(d.operand(1).value).text;
  const auto found = std::find_if(kRuntimeFunctions.begin(), kRuntimeFunctions.end(),
                                  [&](const RuntimeFunction& function) { return function.name == name; });
  if (found == kRuntimeFunctions.end()) {
    d.refuse(fmt::format("the function {} has no body in this text; of those, the machine knows {} alone",
                         name, "__assertfail and vprintf"));
  }
  std::vector<std::uint32_t>& lists = d.entry().program().lists;
  d.step.list = static_cast<std::uint32_t>(lists.size());
  d.step.execute = found->execute;
  const auto add = [&](std::size_t operand, std::size_t count) {
    const auto& given = std::get<Vector>(d.operand(operand).value).elements;
    if (given.size() != count)
      d.invalid(fmt::format("{} has {} arguments and {} results", name, found->arguments, found->results));
    for (const Operand& one : given) {
      const auto* variable = std::get_if<Name>(&one.value);
      std::uint64_t address = 0;
      Space space{};
      if (variable == nullptr || !d.entry().find_symbol(variable->text, address, space) ||
          space != Space::local)
        d.refuse("only arguments and results in variables of .param are known");
      lists.push_back(static_cast<std::uint32_t>(address));
    }
  };
  add(2, found->arguments);
  add(0, found->results);
}

}  // namespace perceptron::ptx
