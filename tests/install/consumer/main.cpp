#include <perceptron/perceptron.hpp>

#include <iostream>

int main() {
  const float weights[] = {3, -2}, bias[] = {1}, x[] = {1, 2};
  float y[1];
  const perceptron::Layer layer{{weights, 1, 2}, {bias, 1, 1}, perceptron::ActivationKind::sigmoid};
  perceptron::linear({x, 1, 2}, layer, {y, 1, 1});
  std::cout << y[0] << "\n";
}
