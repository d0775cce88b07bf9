// PTX of one small entry, around a body of the test's choice.
#pragma once

#include <string>

namespace perceptron::ptx {

inline std::string module_of(const std::string& entries) {
  return ".version 8.0\n.target sm_90a\n.address_size 64\n" + entries;
}

/// An entry "kernel" that takes one address; its first instruction stands on line 6, where %rd1 and %r1 hold
/// the address and the thread's number already.
inline std::string kernel_of(const std::string& body, const std::string& directives = "") {
  return module_of(
      ".visible .entry kernel(.param .u64 p) " + directives +
      "\n{ .reg .pred %p<9>; .reg .b32 %r<9>; .reg .f32 %f<9>; .reg .b64 %rd<9>; .reg .f64 %fd<9>; "
      "ld.param.u64 %rd1, [p]; mov.u32 %r1, %tid.x;\n" +
      body + "\nret; }\n");
}

}  // namespace perceptron::ptx
