// The peers: libraries that people would use instead, each in a module of its own that is loaded when asked
// for.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/peers/contender.hpp"

namespace perceptron::bench {

inline constexpr std::array<std::string_view, 4> kPeers{"openblas", "onednn", "eigen", "onnxruntime"};

/// The comparison times all ways and keeps the fastest, so that each peer is judged by its best call.
struct Peer {
  std::string name;
  Contenders (*ways)(const Task& task) = nullptr;
};

/// The module or its library is not on this machine; the message names both, and what to install.
class PeerMissing : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws InvalidArgument with the list for a name that is none of kPeers, PeerMissing where it cannot be
/// loaded. It stays loaded: its threads outlive every scope.
Peer load_peer(std::string_view name);

/// All that can be loaded.
std::vector<Peer> found_peers();

/// False where no peer does: without rows, with softmax, with tensor arithmetic.
bool is_served_by_peers(const Problem& problem);

}  // namespace perceptron::bench
