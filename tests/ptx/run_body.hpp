// Runs of a body of PTX around which kernel_text.hpp puts an entry.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "src/ptx/machine.hpp"
#include "tests/ptx/kernel_text.hpp"

namespace perceptron::ptx {

struct Ran {
  RunReport report;
  std::vector<std::uint32_t> words;
};

/// `body` on so many blocks of `threads`, with memory of 1024 words of zeros behind the address.
inline Ran run_body(const std::string& body, kernels::Extent grid, std::uint32_t threads,
                    const RunOptions& options) {
  const Image image(kernel_of(body), "test.ptx");
  Memory memory;
  Ran ran;
  ran.words.resize(1024);
  const DeviceAddress address = memory.allocate(ran.words.size() * 4, "words");
  memory.write(address, std::as_bytes(std::span(ran.words)));
  kernels::Launch launch;
  launch.grid = grid;
  launch.block = {threads, 1, 1};
  launch.arguments = kernels::ArgumentBytes(address);
  ran.report = run(image.program("kernel"), launch, memory, options);
  memory.read(address, std::as_writable_bytes(std::span(ran.words)));
  return ran;
}

/// The message; empty where there was no fault.
inline std::string fault_of(const std::string& body, std::uint32_t threads, const RunOptions& options,
                            FaultKind kind) {
  try {
    run_body(body, {}, threads, options);
  } catch (const KernelFault& fault) {
    EXPECT_EQ(fault.kind(), kind) << fault.what();
    return fault.what();
  }
  return "";
}

inline void expect_words(const std::string& text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words)
    EXPECT_NE(text.find(word), std::string::npos) << word << " in: " << text;
}

}  // namespace perceptron::ptx
