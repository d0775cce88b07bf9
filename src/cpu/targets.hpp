// The SIMD targets that this machine can run, as kernel tables.
#pragma once

#include <string_view>
#include <vector>

#include "src/cpu/kernel_table.hpp"

namespace perceptron::cpu {

/// Widest first; empty where the machine has none with fused multiply-add.
std::vector<const KernelTable*> simd_tables();
/// One lane, any machine.
const KernelTable& portable_table();

/// All of them, best first, the portable one last.
const std::vector<const KernelTable*>& targets();
/// The one of that name, or null.
const KernelTable* find_target(std::string_view name);

}  // namespace perceptron::cpu
