#include "bench/gpu/peers/peers.hpp"

#include <exception>

namespace perceptron::bench::gpu {

Peers load_peers(const std::vector<std::string>& folders, std::vector<std::string>& left_out) {
  Peers peers;
#ifdef PERCEPTRON_PEER_CUBLAS
  // cuBLASLt first: cuBLAS needs it, and finds the one that is loaded already.
  for (const auto load : {load_cublas_lt, load_cublas}) {
    try {
      peers.push_back(load(folders));
    } catch (const std::exception& error) {
      left_out.push_back(error.what());
    }
  }
#else
  static_cast<void>(folders);
  left_out.push_back("cublas: this build's CUDA toolkit had no cublasLt.h and cublas_v2.h");
#endif
  return peers;
}

}  // namespace perceptron::bench::gpu
