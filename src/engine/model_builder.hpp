// Makes a Model from matrices that are already owned, without copying them again. Used by readers of files.
#pragma once

#include <vector>

#include "perceptron/matrix.hpp"
#include "perceptron/model.hpp"

namespace perceptron {

/// A layer whose weights it owns; an empty bias matrix means none.
struct OwnedLayer {
  Matrix weight;
  Matrix bias;
  Activation activation;

  Layer view() const;
};

class ModelBuilder {
 public:
  /// Checks as Model's constructor does; throws InvalidArgument.
  static Model build(std::vector<OwnedLayer> layers);
};

}  // namespace perceptron
