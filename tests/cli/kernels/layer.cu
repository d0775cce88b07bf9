extern "C" __global__ void layer(const float* x, const float* w, const float* b, float* y, int rows,
                                 int inputs, int outputs) {
  __shared__ float part[16][16];  // 16 rows of x, 16 inputs at a time.
  const int row = blockIdx.y * 16 + threadIdx.y, output = blockIdx.x * 16 + threadIdx.x;
  float sum = 0;
  for (int first = 0; first < inputs; first += 16) {
    const int input = first + threadIdx.x;
    part[threadIdx.y][threadIdx.x] = row < rows && input < inputs ? x[row * inputs + input] : 0;
    __syncthreads();
    for (int k = 0; k < 16 && first + k < inputs && output < outputs; ++k)
      sum = fmaf(part[threadIdx.y][k], w[output * inputs + first + k], sum);
    __syncthreads();
  }
  if (row < rows && output < outputs) y[row * outputs + output] = sum + b[output] < 0 ? 0 : sum + b[output];
}
