// Calls: functions of the module are put in place of the calls of them, so that the machine knows none.
#pragma once

#include "src/ptx/module.hpp"

namespace perceptron::ptx {

/// The entry with a copy of the function at each call: registers, labels and local variables are the copy's
/// own, its parameters and results are the variables that the call names, and its `ret` goes behind the call,
/// where lanes that parted meet. In front of it a `call` stays, whose two operands are vectors of the copy's
/// registers and of its local variables and results, [base + size]: what has no value when a function begins.
/// Calls of functions without a body stay as they are. Throws Unsupported for recursion and
/// for calls by address.
Entry inline_calls(const Module& module, const Entry& entry);

}  // namespace perceptron::ptx
