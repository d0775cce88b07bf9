// Kernels as users write them: activations of CUDA's math functions, sums by atomics, arithmetic in half
// precision. One thread per output; blocks along x, rows along y.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace {

template <class T, class Activation>
__device__ void layer(const T* x, const T* w, const T* b, T* y, int inputs, int outputs,
                      Activation activation) {
  const int output = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (output >= outputs) return;
  T sum = 0;
  for (int k = 0; k < inputs; ++k) sum = fma(x[row * inputs + k], w[output * inputs + k], sum);
  y[row * outputs + output] = activation(sum + b[output]);
}

template <class Half, class Activation>
__device__ void half_layer(const Half* x, const Half* w, const Half* b, Half* y, int inputs, int outputs,
                           Activation activation) {
  const int output = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (output >= outputs) return;
  float sum = 0;
  for (int k = 0; k < inputs; ++k)
    sum = fmaf(static_cast<float>(x[row * inputs + k]), static_cast<float>(w[output * inputs + k]), sum);
  y[row * outputs + output] = activation(static_cast<Half>(sum + static_cast<float>(b[output])));
}

}  // namespace

extern "C" __global__ void sigmoid(const float* x, const float* w, const float* b, float* y, int inputs,
                                   int outputs) {
  layer(x, w, b, y, inputs, outputs, [](float z) { return 1 / (1 + expf(-z)); });
}
extern "C" __global__ void fast_sigmoid(const float* x, const float* w, const float* b, float* y, int inputs,
                                        int outputs) {
  layer(x, w, b, y, inputs, outputs, [](float z) { return __fdividef(1.f, 1 + __expf(-z)); });
}
extern "C" __global__ void hyperbolic_tangent(const float* x, const float* w, const float* b, float* y,
                                              int inputs, int outputs) {
  layer(x, w, b, y, inputs, outputs, [](float z) { return tanhf(z); });
}
extern "C" __global__ void gelu(const float* x, const float* w, const float* b, float* y, int inputs,
                                int outputs) {
  layer(x, w, b, y, inputs, outputs, [](float z) { return z / 2 * erfcf(-z * 0.70710678f); });
}
extern "C" __global__ void double_tangent(const double* x, const double* w, const double* b, double* y,
                                          int inputs, int outputs) {
  layer(x, w, b, y, inputs, outputs, [](double z) { return tanh(z); });
}
extern "C" __global__ void double_sigmoid(const double* x, const double* w, const double* b, double* y,
                                          int inputs, int outputs) {
  layer(x, w, b, y, inputs, outputs, [](double z) { return 1 / (1 + exp(-z)); });
}

extern "C" __global__ void half_relu(const __half* x, const __half* w, const __half* b, __half* y, int inputs,
                                     int outputs) {
  half_layer(x, w, b, y, inputs, outputs,
             [](__half z) { return __hle(z, __half(0.f)) ? __half(0.f) : __hmul(z, __half(1.f)); });
}
extern "C" __global__ void bf16_relu(const __nv_bfloat16* x, const __nv_bfloat16* w, const __nv_bfloat16* b,
                                     __nv_bfloat16* y, int inputs, int outputs) {
  half_layer(x, w, b, y, inputs, outputs, [](__nv_bfloat16 z) { return __hmax_nan(z, __nv_bfloat16(0.f)); });
}

/// A block per output, whose threads add to one sum.
extern "C" __global__ void atomic_identity(const float* x, const float* w, const float* b, float* y,
                                           int inputs, int outputs) {
  __shared__ float sum;
  const int output = blockIdx.x, row = blockIdx.y;
  if (threadIdx.x == 0) sum = b[output];
  __syncthreads();
  float part = 0;
  for (int k = threadIdx.x; k < inputs; k += blockDim.x)
    part = fmaf(x[row * inputs + k], w[output * inputs + k], part);
  atomicAdd(&sum, part);
  __syncthreads();
  if (threadIdx.x == 0) y[row * outputs + output] = sum;
}

struct Everything {
  const float *x, *w, *b;
  int inputs;
  long long outputs;
  float slope;
  float* y;
};
extern "C" __global__ void of_structure(Everything all, int scale) {
  const int row = blockIdx.y, output = blockIdx.x * blockDim.x + threadIdx.x;
  if (output >= all.outputs) return;
  float z = 0;
  for (int k = 0; k < all.inputs; ++k)
    z = fmaf(all.x[row * all.inputs + k], all.w[output * all.inputs + k], z);
  z += all.b[output];
  all.y[row * all.outputs + output] = scale * (z < 0 ? all.slope * z : z);
}
extern "C" __global__ void filled(float* y, int value) { y[threadIdx.x] = static_cast<float>(value); }
