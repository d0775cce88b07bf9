#include "src/cpu/targets.hpp"

namespace perceptron::cpu {

const std::vector<const KernelTable*>& targets() {
  static const std::vector<const KernelTable*> all = [] {
    std::vector<const KernelTable*> tables = simd_tables();
    tables.push_back(&portable_table());
    return tables;
  }();
  return all;
}

const KernelTable* find_target(std::string_view name) {
  for (const KernelTable* table : targets()) {
    if (table->target == name) return table;
  }
  return nullptr;
}

}  // namespace perceptron::cpu
