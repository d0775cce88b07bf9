// The libraries that ours is compared with. Each is loaded when the program runs; none is linked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/gpu/shared_library.hpp"
#include "bench/gpu/workload.hpp"

namespace perceptron::bench::gpu {

class Peer {
 public:
  virtual ~Peer() = default;
  /// Every way in which the library can serve the problem; contenders of one name are ways of the same thing,
  /// of which the fastest counts. Empty where it cannot. They use the workload and the peer, which outlive
  /// them.
  virtual std::vector<Contender> ways(const Workload& workload) const = 0;
};

using Peers = std::vector<std::unique_ptr<Peer>>;

/// Scratch memory that each cuBLAS call may use.
inline constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;

/// Throws LibraryMissing, DeviceError.
std::unique_ptr<Peer> load_cublas_lt(const std::vector<std::string>& folders);
std::unique_ptr<Peer> load_cublas(const std::vector<std::string>& folders);

/// Those that load, looked for in the folders first. One that does not is told in `left_out`.
Peers load_peers(const std::vector<std::string>& folders, std::vector<std::string>& left_out);

}  // namespace perceptron::bench::gpu
