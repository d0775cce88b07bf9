// What stands for Thrust's kernels, which are not among those that the PTX machine executes: the same
// comparison on the host.
#include "src/cuda/matrix_algorithms.hpp"

#include "perceptron/matrix.hpp"
#include "src/cuda/cuda_accelerator.hpp"
#include "src/reference/judge.hpp"
#include "src/staging/matrices.hpp"

namespace perceptron::cuda {

Verdict compare(const CudaAccelerator& accelerator, const ConstMatrixView& expected,
                const ConstMatrixView& found, Stream stream) {
  auto& gpu = const_cast<CudaAccelerator&>(accelerator);
  const auto brought = [&](const ConstMatrixView& view) {
    Matrix matrix(view.dtype, view.rows, view.columns, view.groups);
    staging::copy_out(gpu, stream, view, matrix.view());
    return matrix;
  };
  const Matrix a = brought(expected), b = brought(found);
  gpu.synchronize(stream);
  return reference::compare_bits(a.view(), b.view());
}

}  // namespace perceptron::cuda
