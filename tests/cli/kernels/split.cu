// Layers whose inputs are split among blocks. A block has 64 threads: outputs of one row; along z, parts of
// the inputs.
namespace {

__device__ float part_of(const float* x, const float* w, int row, int output, int inputs) {
  float sum = 0;
  for (int input = blockIdx.z; input < inputs; input += gridDim.z)
    sum = fmaf(x[row * inputs + input], w[output * inputs + input], sum);
  return sum;
}

/// Sums of the parts wait in a workspace; who is the last block of a tile adds them up.
template <bool kHasFence>
__device__ void add_last(const float* x, const float* w, const float* b, float* y, float* parts,
                         unsigned* done, int inputs, int outputs) {
  __shared__ bool is_last;
  const int output = blockIdx.x * 64 + threadIdx.x, row = blockIdx.y, count = gridDim.y * outputs;
  const int element = row * outputs + output;
  if (output < outputs) parts[blockIdx.z * count + element] = part_of(x, w, row, output, inputs);
  if (kHasFence) __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) is_last = atomicAdd(&done[row * gridDim.x + blockIdx.x], 1) == gridDim.z - 1;
  __syncthreads();
  if (!is_last || output >= outputs) return;
  float sum = b[output];
  for (int part = 0; part < gridDim.z; ++part) sum += parts[part * count + element];
  y[element] = sum < 0 ? 0 : sum;
}

}  // namespace

extern "C" __global__ void split(const float* x, const float* w, const float* b, float* y, float* parts,
                                 unsigned* done, int inputs, int outputs) {
  add_last<true>(x, w, b, y, parts, done, inputs, outputs);
}

extern "C" __global__ void split_without_fence(const float* x, const float* w, const float* b, float* y,
                                               float* parts, unsigned* done, int inputs, int outputs) {
  add_last<false>(x, w, b, y, parts, done, inputs, outputs);
}

/// y holds zeros at first.
extern "C" __global__ void split_atomically(const float* x, const float* w, float* y, int inputs,
                                            int outputs) {
  const int output = blockIdx.x * 64 + threadIdx.x, row = blockIdx.y;
  if (output < outputs) atomicAdd(&y[row * outputs + output], part_of(x, w, row, output, inputs));
}
