// The entries of row_softmax: one per accumulator type.
#include "kernels/row_softmax/row_softmax.cuh"

using namespace perceptron::kernels::row_softmax;

extern "C" __global__ void __launch_bounds__(32 * kWarps)
    row_softmax_f64(const __grid_constant__ SoftmaxArguments p) {
  compute_rows<double>(p);
}

extern "C" __global__ void __launch_bounds__(32 * kWarps)
    row_softmax_f32(const __grid_constant__ SoftmaxArguments p) {
  compute_rows<float>(p);
}
