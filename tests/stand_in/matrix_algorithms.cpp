// What stands for Thrust's kernels, which are not among those that the PTX machine executes: the same on the
// host.
#include "src/cuda/matrix_algorithms.hpp"

#include "perceptron/matrix.hpp"
#include "src/cuda/cuda_accelerator.hpp"
#include "src/cuda/random_element.hpp"
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

void generate(const CudaAccelerator& accelerator, const MatrixView& matrix, std::uint64_t seed,
              Stream stream) {
  Matrix made(matrix.dtype, matrix.rows, matrix.columns, matrix.groups);
  visit_dtype(matrix.dtype, [&]<class T>(T) {
    auto* element = static_cast<T*>(made.data());
    for (ElementPlace at; at.group < matrix.groups; ++at.group) {
      for (at.row = 0; at.row < matrix.rows; ++at.row) {
        for (at.column = 0; at.column < matrix.columns; ++at.column) {
          *element++ = static_cast<T>(random_element(seed, at, traits(matrix.dtype).significand_bits));
        }
      }
    }
  });
  auto& gpu = const_cast<CudaAccelerator&>(accelerator);
  staging::copy_in(gpu, stream, made.view(), matrix);
  gpu.synchronize(stream);
}

}  // namespace perceptron::cuda
