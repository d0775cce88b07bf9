// What the machine reports when a kernel does what no kernel may do.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "perceptron/error.hpp"
#include "src/ptx/module.hpp"

namespace perceptron::ptx {

enum class FaultKind : std::uint8_t {
  out_of_bounds,      ///< An access outside every allocation, or to read-only memory.
  misaligned,         ///< An address that is not a multiple of the access size.
  unwritten,          ///< Bytes or registers used before anything was written there.
  race,               ///< Two unordered accesses, at least one of them a write.
  same_value_race,    ///< The same, but both write the same value.
  pending_copy,       ///< Bytes of an asynchronous copy used before the wait that covers it, or never waited.
  divergent_barrier,  ///< A barrier or .sync instruction that lacks lanes.
  barrier,            ///< mbarrier misuse: uninitialised, underflow, wrong count, reuse while pending.
  deadlock,           ///< Nothing can run.
  budget,             ///< The instruction budget is spent.
  arithmetic,         ///< An operation without a defined result (division by zero of integers).
  trap,               ///< The kernel stopped itself.
  assertion,          ///< An assert() of the kernel failed.
};

std::string_view to_string(FaultKind kind);

/// Where a thread stood: kernel, PTX line, CUDA source line, block and thread.
struct Place {
  std::string kernel;
  int ptx_line = 0;
  std::string source;  ///< "tile_fma.cuh:81", empty where not known.
  std::string caller;  ///< Where `source` was inlined, empty where it was not.
  std::uint32_t block[3] = {};
  std::uint32_t thread[3] = {};
};

/// Source and caller of an instruction at that location; `files` as Module has them.
void place_source(Place& place, const Location& location, const std::map<int, std::string>& files);
std::string to_string(const Place& place);
/// " (copy.cuh:31, inlined at row_dot.cuh:80)", or nothing where no source is known.
std::string source_text(const Place& place);

/// The message says it all: kind, place, what was found, the other access of a race, the seed.
class KernelFault : public KernelError {
 public:
  KernelFault(FaultKind kind, Place place, const std::string& message)
      : KernelError(message), kind_(kind), place_(std::move(place)) {}

  FaultKind kind() const { return kind_; }
  const Place& place() const { return place_; }

 private:
  FaultKind kind_;
  Place place_;
};

}  // namespace perceptron::ptx
