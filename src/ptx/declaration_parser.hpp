// Declarations: variables of a module or an entry, parameters, registers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/ptx/module.hpp"
#include "src/ptx/scopes.hpp"
#include "src/ptx/token_reader.hpp"

namespace perceptron::ptx {

/// The space whose variables this directive declares, or nothing: ".shared".
std::optional<Space> space_of(std::string_view directive);

/// From the directive of a space to the semicolon.
void parse_variables(TokenReader& tokens, Scopes& scopes, bool is_extern, std::vector<Variable>& into);

/// Behind the '(' of an entry or a function, to ')'. A function's may be registers, and arrays of any size.
void parse_parameters(TokenReader& tokens, bool is_function, std::vector<Parameter>& into);

/// Behind .reg, to the semicolon.
void parse_registers(TokenReader& tokens, Scopes& scopes, std::map<std::string, Type>& into);

}  // namespace perceptron::ptx
