#include "src/ptx/operations.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "src/ptx/carry_operations.hpp"
#include "src/ptx/lane_operations.hpp"
#include "src/ptx/memory_operations.hpp"
#include "src/ptx/warp_operations.hpp"

namespace perceptron::ptx {
namespace {

std::array<std::span<const Operation>, 9> tables() {
  return {lane_operations(),    carry_operations(), memory_operations(),
          address_operations(), copy_operations(),  mbarrier_operations(),
          atomic_operations(),  warp_operations(),  control_operations()};
}

}  // namespace

const Operation* find_operation(std::string_view opcode) {
  for (const std::span<const Operation> table : tables()) {
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const Operation& operation) { return operation.opcode == opcode; });
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

std::string_view why_unknown(std::string_view opcode) {
  static constexpr std::array<std::string_view, 7> kOfTensorCores{
      "mma", "wmma", "wgmma", "ldmatrix", "stmatrix", "movmatrix", "tcgen05"};
  const bool is_of_them =
      std::find(kOfTensorCores.begin(), kOfTensorCores.end(), opcode) != kOfTensorCores.end();
  return is_of_them ? "the machine has no tensor cores" : "the machine does not know this opcode";
}

std::vector<std::string_view> operation_names() {
  std::vector<std::string_view> names;
  for (const std::span<const Operation> table : tables()) {
    for (const Operation& operation : table) names.push_back(operation.opcode);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace perceptron::ptx
