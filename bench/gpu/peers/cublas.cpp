// cuBLAS: cublasSgemm and cublasDgemm, or the matrix-vector product where x or W is one row, and the pass for
// bias and activation. Default math: f32 without TF32, f64 with whatever units cuBLAS takes for it.
#include <cublas_v2.h>

#include "bench/gpu/peers/cublas_types.hpp"
#include "bench/gpu/peers/peers.hpp"

namespace perceptron::bench::gpu {
namespace {

const std::vector<std::string> kNames{"libcublas.so.13", "libcublas.so.12"};

/// The 64-bit forms: a million rows of a thousand inputs pass 2³¹ elements.
struct Functions {
  SharedLibrary library;
  decltype(&cublasCreate_v2) create = library["cublasCreate_v2"];
  decltype(&cublasDestroy_v2) destroy = library["cublasDestroy_v2"];
  decltype(&cublasSetStream_v2) set_stream = library["cublasSetStream_v2"];
  decltype(&cublasSetWorkspace_v2) set_workspace = library["cublasSetWorkspace_v2"];
  decltype(&cublasSgemm_v2_64) sgemm = library["cublasSgemm_v2_64"];
  decltype(&cublasDgemm_v2_64) dgemm = library["cublasDgemm_v2_64"];
  decltype(&cublasSgemv_v2_64) sgemv = library["cublasSgemv_v2_64"];
  decltype(&cublasDgemv_v2_64) dgemv = library["cublasDgemv_v2_64"];
};

class Cublas final : public Peer {
 public:
  explicit Cublas(const std::vector<std::string>& folders)
      : call_{SharedLibrary(kNames, folders)}, workspace_(allocate_device(kWorkspaceBytes, "cuBLAS")) {
    check_cublas(call_.create(&handle_), "cublasCreate");
  }
  ~Cublas() override { call_.destroy(handle_); }
  Cublas(const Cublas&) = delete;
  Cublas& operator=(const Cublas&) = delete;

  std::vector<Contender> ways(const Workload& workload) const override {
    const Problem& p = workload.problem();
    const bool is_plain = p.dtype == p.output_dtype && size_of(p.dtype) >= sizeof(float) && p.groups == 1;
    if (!is_comparable(p) || !is_plain) return {};
    std::vector<Contender> ways{way(workload, is_f64(p) ? "cublasDgemm" : "cublasSgemm", &Cublas::multiply)};
    if (p.rows == 1 || p.outputs == 1) {
      ways.push_back(way(workload, is_f64(p) ? "cublasDgemv" : "cublasSgemv", &Cublas::multiply_vector));
    }
    return ways;
  }

 private:
  using Multiply = void (Cublas::*)(const Workload&) const;

  Contender way(const Workload& workload, std::string name, Multiply multiply) const {
    const auto enqueue = [this, &workload, multiply](Stream stream) {
      // In this order: setting the stream takes the workspace away.
      check_cublas(call_.set_stream(handle_, stream), "cublasSetStream");
      check_cublas(call_.set_workspace(handle_, workspace_.get(), kWorkspaceBytes), "cublasSetWorkspace");
      (this->*multiply)(workload);
      const Problem& p = workload.problem();
      if (needs_pass(p)) finish(stream, workload.y(), workload.wide_bias(), p.activation);
    };
    return {"cublas", std::move(name), kPassIncludes, enqueue};
  }

  void multiply(const Workload& workload) const {
    is_f64(workload.problem()) ? multiply_as<double>(workload, call_.dgemm)
                               : multiply_as<float>(workload, call_.sgemm);
  }
  void multiply_vector(const Workload& workload) const {
    is_f64(workload.problem()) ? multiply_vector_as<double>(workload, call_.dgemv)
                               : multiply_vector_as<float>(workload, call_.sgemv);
  }

  template <class T, class Gemm>
  void multiply_as(const Workload& workload, Gemm gemm) const {
    const Problem& p = workload.problem();
    const T one = 1, zero = 0;
    check_cublas(
        gemm(handle_, CUBLAS_OP_T, CUBLAS_OP_N, p.outputs, p.rows, p.inputs, &one,
             static_cast<const T*>(workload.weight()), p.inputs, static_cast<const T*>(workload.x().data),
             p.inputs, &zero, static_cast<T*>(workload.y().data), p.outputs),
        "cublas gemm");
  }

  /// Whichever of x and W is a matrix is the matrix.
  template <class T, class Gemv>
  void multiply_vector_as(const Workload& workload, Gemv gemv) const {
    const Problem& p = workload.problem();
    const auto* x = static_cast<const T*>(workload.x().data);
    const auto* weight = static_cast<const T*>(workload.weight());
    const bool is_one_row = p.rows == 1;
    const T one = 1, zero = 0;
    check_cublas(
        gemv(handle_, CUBLAS_OP_T, p.inputs, is_one_row ? p.outputs : p.rows, &one, is_one_row ? weight : x,
             p.inputs, is_one_row ? x : weight, 1, &zero, static_cast<T*>(workload.y().data), 1),
        "cublas gemv");
  }

  Functions call_;
  DeviceMemory workspace_;
  cublasHandle_t handle_ = nullptr;
};

}  // namespace

std::unique_ptr<Peer> load_cublas(const std::vector<std::string>& folders) {
  return std::make_unique<Cublas>(folders);
}

}  // namespace perceptron::bench::gpu
