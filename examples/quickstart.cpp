// One perceptron: w = [3, −2], b = 1, x = [1, 2], so z = 3·1 − 2·2 + 1 = 0 and sigmoid(z) = 0.5.
#include <cstdio>

#include "perceptron/perceptron.hpp"

int main() {
  const float w[] = {3, -2}, b[] = {1}, x[] = {1, 2};
  float y[1];
  const perceptron::Layer layer{{w, 1, 2}, {b, 1, 1}, perceptron::ActivationKind::sigmoid};
  perceptron::Engine engine(perceptron::Model{layer});  // More layers: Model{first, second, third}.
  engine.run({x, 1, 2}, {y, 1, 1});                     // More rows: {x, rows, inputs}, {y, rows, outputs}.
  std::printf("%g\n", y[0]);
}
