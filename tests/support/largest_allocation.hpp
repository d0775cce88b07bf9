// Watches operator new: what hostile files ask for shows as the size of the largest request.
#pragma once

#include <cstddef>

namespace perceptron::test {

/// Bytes of the largest request by any thread since the last reset.
std::size_t largest_allocation();
void reset_largest_allocation();

}  // namespace perceptron::test
