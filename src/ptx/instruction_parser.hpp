// One instruction and its operands.
#pragma once

#include "src/ptx/module.hpp"
#include "src/ptx/scopes.hpp"
#include "src/ptx/token_reader.hpp"

namespace perceptron::ptx {

/// To the semicolon. `location`: of the source, to which the PTX line is added. Labels keep the names that
/// are written, since they may be declared behind the jump.
Instruction parse_instruction(TokenReader& tokens, const Scopes& scopes, Location location);

}  // namespace perceptron::ptx
