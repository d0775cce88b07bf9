// Whole matrices in a GPU's memory compared and filled there, by Thrust, so that large cases never cross the
// bus. For validation and for inputs of tests and benchmarks. No CUDA header is needed to read this.
#pragma once

#include <cstdint>

#include "perceptron/options.hpp"
#include "perceptron/validate.hpp"
#include "perceptron/view.hpp"

namespace perceptron::cuda {

class CudaAccelerator;

/// Compares bit for bit, where NaN equals NaN whatever its payload and −0 is not +0, behind the work of
/// `stream`, and waits. The first mismatch is that of the lowest row, then group, then column, as in
/// perceptron::validate; of it the place and the two values are filled in, of the verdict the counts of
/// elements and of mismatches. Throws InvalidArgument where shapes or dtypes differ. Allocates some scratch
/// memory.
Verdict compare(const CudaAccelerator& accelerator, const ConstMatrixView& expected,
                const ConstMatrixView& found, Stream stream);

/// Fills the matrix with random_element() of its dtype (random_element.hpp) behind the work of `stream`, and
/// returns at once. What lies between the rows stays as it is.
void generate(const CudaAccelerator& accelerator, const MatrixView& matrix, std::uint64_t seed,
              Stream stream);

}  // namespace perceptron::cuda
