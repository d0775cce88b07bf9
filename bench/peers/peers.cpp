#include "bench/peers/peers.hpp"

namespace perceptron::bench {

std::span<const Peer> peers() {
  static const std::vector<Peer> found{
#ifdef PERCEPTRON_PEER_OPENBLAS
      Peer{"openblas", &openblas_ways},
#endif
#ifdef PERCEPTRON_PEER_ONEDNN
      Peer{"onednn", &onednn_ways},
#endif
#ifdef PERCEPTRON_PEER_EIGEN
      Peer{"eigen", &eigen_ways},
#endif
  };
  return found;
}

}  // namespace perceptron::bench
