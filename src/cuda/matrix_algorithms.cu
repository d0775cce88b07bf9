// Thrust's algorithms over the numbers of a matrix's elements. One instance serves all dtypes and strides:
// what each element costs more is hidden behind memory, or does not matter for what this is used for.
#include "src/cuda/matrix_algorithms.hpp"

#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/system_error.h>
#include <thrust/transform_reduce.h>

#include <bit>
#include <limits>
#include <new>
#include <string>

#include "src/cuda/cuda_accelerator.hpp"
#include "src/cuda/random_element.hpp"

namespace perceptron::cuda {
namespace {

constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

/// Elements in the order of rows, then groups, then columns.
struct ElementOrder {
  std::int64_t groups, columns;

  __device__ __host__ ElementPlace place(std::int64_t number) const {
    const std::int64_t row_of_group = number / columns;
    return {row_of_group % groups, row_of_group / groups, number % columns};
  }
};

/// A view's addresses, as the device computes them.
struct Elements {
  const void* data;
  DType dtype;
  std::int64_t stride, group_stride;

  explicit Elements(const ConstMatrixView& view)
      : data(view.data), dtype(view.dtype), stride(view.stride), group_stride(view.group_stride) {}

  template <class T>
  __device__ __host__ const T* at(const ElementPlace& place) const {
    return static_cast<const T*>(data) + place.group * group_stride + place.row * stride + place.column;
  }
};

/// Of a number's bits as an unsigned integer: every NaN has more than infinity where the sign is left out.
template <class Bits>
__device__ bool is_same(Bits a, Bits b, Bits infinity) {
  const Bits magnitude = static_cast<Bits>(Bits(~Bits{0}) >> 1);
  return a == b || ((a & magnitude) > infinity && (b & magnitude) > infinity);
}

__device__ bool is_same_element(const Elements& a, const Elements& b, const ElementPlace& place) {
  switch (a.dtype) {
    case DType::f64:
      return is_same<std::uint64_t>(*a.at<std::uint64_t>(place), *b.at<std::uint64_t>(place),
                                    0x7FF0000000000000);
    case DType::f32:
      return is_same<std::uint32_t>(*a.at<std::uint32_t>(place), *b.at<std::uint32_t>(place), 0x7F800000);
    case DType::f16:
      return is_same<std::uint16_t>(*a.at<std::uint16_t>(place), *b.at<std::uint16_t>(place), 0x7C00);
    case DType::bf16: break;
  }
  return is_same<std::uint16_t>(*a.at<std::uint16_t>(place), *b.at<std::uint16_t>(place), 0x7F80);
}

/// Of a set of elements; `first` is a number in ElementOrder.
struct Mismatches {
  std::int64_t count = 0, first = kNone;
};

struct Judge {
  Elements expected, found;
  ElementOrder order;

  __device__ Mismatches operator()(std::int64_t number) const {
    if (is_same_element(expected, found, order.place(number))) return {};
    return {1, number};
  }
};

struct Union {
  __device__ __host__ Mismatches operator()(const Mismatches& a, const Mismatches& b) const {
    return {a.count + b.count, a.first < b.first ? a.first : b.first};
  }
};

struct Generator {
  Elements elements;
  ElementOrder order;
  std::uint64_t seed;
  int significand_bits;

  __device__ void operator()(std::int64_t number) const {
    const ElementPlace place = order.place(number);
    const double value = random_element(seed, place, significand_bits);
    visit_dtype(elements.dtype, [&](auto stored) {
      using T = decltype(stored);
      *const_cast<T*>(elements.at<T>(place)) = static_cast<T>(value);
    });
  }
};

/// Thrust's exceptions become ours.
template <class Work>
void with_thrust(const CudaAccelerator& accelerator, const char* doing, const Work& work) {
  accelerator.perform_uncaptured([&] {
    try {
      work();
    } catch (const thrust::system_error& error) {
      check(static_cast<cudaError_t>(error.code().value()), doing);
      throw;
    } catch (const std::bad_alloc&) {
      check(cudaErrorMemoryAllocation, doing);
    }
  });
}

std::string shape_text(const ConstMatrixView& view) {
  return std::to_string(view.groups) + " × " + std::to_string(view.rows) + " × " +
         std::to_string(view.columns) + " of " + std::string(to_string(view.dtype));
}

void check_shapes(const ConstMatrixView& expected, const ConstMatrixView& found) {
  if (expected.groups == found.groups && expected.rows == found.rows && expected.columns == found.columns &&
      expected.dtype == found.dtype) {
    return;
  }
  throw InvalidArgument("matrices to compare: expected " + shape_text(expected) + ", found " +
                        shape_text(found) + "; give both the same groups, rows, columns and dtype");
}

std::int64_t element_count(const ConstMatrixView& view) { return view.groups * view.rows * view.columns; }

/// One element, brought to the host.
double fetch(const ConstMatrixView& view, const ElementPlace& place, Stream stream) {
  return visit_dtype(view.dtype, [&](auto value) {
    check(cudaMemcpyAsync(&value, Elements(view).at<decltype(value)>(place), sizeof value,
                          cudaMemcpyDeviceToHost, stream),
          "fetching a mismatch");
    check(cudaStreamSynchronize(stream), "fetching a mismatch");
    return static_cast<double>(value);
  });
}

}  // namespace

Verdict compare(const CudaAccelerator& accelerator, const ConstMatrixView& expected,
                const ConstMatrixView& found, Stream stream) {
  check_shapes(expected, found);
  Verdict verdict;
  verdict.checked = element_count(found);
  if (verdict.checked == 0) return verdict;
  const ElementOrder order{found.groups, found.columns};
  with_thrust(accelerator, "comparing matrices", [&] {
    const thrust::counting_iterator<std::int64_t> first(0);
    const Mismatches all =
        thrust::transform_reduce(thrust::cuda::par.on(stream), first, first + verdict.checked,
                                 Judge{Elements(expected), Elements(found), order}, Mismatches{}, Union{});
    verdict.mismatches = all.count;
    if (all.count == 0) return;
    const ElementPlace place = order.place(all.first);
    verdict.first = Mismatch{place.group, place.row, place.column, fetch(expected, place, stream),
                             fetch(found, place, stream)};
  });
  return verdict;
}

void generate(const CudaAccelerator& accelerator, const MatrixView& matrix, std::uint64_t seed,
              Stream stream) {
  const std::int64_t count = element_count(matrix);
  if (count == 0) return;
  with_thrust(accelerator, "generating a matrix", [&] {
    const Generator generator{
        Elements(matrix), {matrix.groups, matrix.columns}, seed, traits(matrix.dtype).significand_bits};
    thrust::for_each_n(thrust::cuda::par_nosync.on(stream), thrust::counting_iterator<std::int64_t>(0), count,
                       generator);
  });
}

}  // namespace perceptron::cuda
