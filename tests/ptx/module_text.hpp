// The frame around bodies that are parsed and never run.
#pragma once

#include <string>

namespace perceptron::ptx {

inline const std::string kHeader = ".version 9.0\n.target sm_90a\n.address_size 64\n";

/// An entry k with this body; its first line is line 6 of the text.
inline std::string text_of(const std::string& body) {
  return kHeader + ".visible .entry k(\n.param .u64 k_param_0) {\n" + body + "\n}\n";
}

}  // namespace perceptron::ptx
