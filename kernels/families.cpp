// The one place that names the families that compute a layer.
#include "kernels/families.hpp"

#include <vector>

#include "kernels/row_dot/row_dot.hpp"
#include "kernels/tile_fma/tile_fma.hpp"
#include "kernels/weight_stream/weight_stream.hpp"

namespace perceptron::kernels {

std::span<const Candidate> candidates() {
  static const std::vector<Candidate> kAll = [] {
    std::vector<Candidate> all;
    for (const auto family : {weight_stream::candidates(), row_dot::candidates(), tile_fma::candidates()}) {
      all.insert(all.end(), family.begin(), family.end());
    }
    return all;
  }();
  return kAll;
}

}  // namespace perceptron::kernels
