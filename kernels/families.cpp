#include "kernels/families.hpp"

#include <array>
#include <vector>

#include "kernels/tile_fma/tile_fma.hpp"

namespace perceptron::kernels {

std::span<const Candidate> candidates() {
  static const std::vector<Candidate> kAll = [] {
    std::vector<Candidate> all;
    for (const auto family : {tile_fma::candidates()}) all.insert(all.end(), family.begin(), family.end());
    return all;
  }();
  return kAll;
}

}  // namespace perceptron::kernels
