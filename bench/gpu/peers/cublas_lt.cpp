// cuBLASLt: every algorithm that its heuristics offer, with its fused epilogue where it has one for the
// activation, and without one followed by the pass. Sums in f32 without TF32, in f64 for f64.
#include <cublasLt.h>

#include <array>
#include <optional>

#include "bench/gpu/peers/cublas_types.hpp"
#include "bench/gpu/peers/peers.hpp"

namespace perceptron::bench::gpu {
namespace {

const std::vector<std::string> kNames{"libcublasLt.so.13", "libcublasLt.so.12"};
constexpr int kMostAlgorithms = 16;
constexpr std::uint64_t kAnyUnit = ~std::uint64_t{0};
/// The contender's name where tensor cores are left out.
constexpr const char* kFmaOnly = "cublaslt-fma";

struct Functions {
  SharedLibrary library;
  decltype(&cublasLtCreate) create = library["cublasLtCreate"];
  decltype(&cublasLtDestroy) destroy = library["cublasLtDestroy"];
  decltype(&cublasLtMatmulDescCreate) make_operation = library["cublasLtMatmulDescCreate"];
  decltype(&cublasLtMatmulDescDestroy) free_operation = library["cublasLtMatmulDescDestroy"];
  decltype(&cublasLtMatmulDescSetAttribute) set_operation = library["cublasLtMatmulDescSetAttribute"];
  decltype(&cublasLtMatrixLayoutCreate) make_layout = library["cublasLtMatrixLayoutCreate"];
  decltype(&cublasLtMatrixLayoutDestroy) free_layout = library["cublasLtMatrixLayoutDestroy"];
  decltype(&cublasLtMatrixLayoutSetAttribute) set_layout = library["cublasLtMatrixLayoutSetAttribute"];
  decltype(&cublasLtMatmulPreferenceCreate) make_preference = library["cublasLtMatmulPreferenceCreate"];
  decltype(&cublasLtMatmulPreferenceDestroy) free_preference = library["cublasLtMatmulPreferenceDestroy"];
  decltype(&cublasLtMatmulPreferenceSetAttribute) set_preference =
      library["cublasLtMatmulPreferenceSetAttribute"];
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristics = library["cublasLtMatmulAlgoGetHeuristic"];
  decltype(&cublasLtMatmul) matmul = library["cublasLtMatmul"];
};

cudaDataType_t type_of(DType dtype) {
  switch (dtype) {
    case DType::f64: return CUDA_R_64F;
    case DType::f32: return CUDA_R_32F;
    case DType::f16: return CUDA_R_16F;
    case DType::bf16: break;
  }
  return CUDA_R_16BF;
}

struct Epilogue {
  cublasLtEpilogue_t kind = CUBLASLT_EPILOGUE_DEFAULT;
  std::string name = "no epilogue";
};

/// Its GELU is the tanh form. It has nothing for the other activations.
std::optional<Epilogue> fused_epilogue(const Problem& p) {
  if (p.dtype != p.output_dtype) return std::nullopt;
  switch (p.activation.kind) {
    case ActivationKind::identity:
      return p.has_bias ? Epilogue{CUBLASLT_EPILOGUE_BIAS, "epilogue BIAS"} : Epilogue{};
    case ActivationKind::relu:
      return p.has_bias ? Epilogue{CUBLASLT_EPILOGUE_RELU_BIAS, "epilogue RELU_BIAS"}
                        : Epilogue{CUBLASLT_EPILOGUE_RELU, "epilogue RELU"};
    case ActivationKind::gelu_tanh:
      return p.has_bias ? Epilogue{CUBLASLT_EPILOGUE_GELU_BIAS, "epilogue GELU_BIAS"}
                        : Epilogue{CUBLASLT_EPILOGUE_GELU, "epilogue GELU"};
    default: return std::nullopt;
  }
}

/// An opaque object of the library's, freed by it.
template <class T>
using Handle = std::shared_ptr<T>;

/// One problem with one epilogue, described to the library.
struct Description {
  Handle<cublasLtMatmulDescOpaque_t> operation;
  Handle<cublasLtMatrixLayoutOpaque_t> weight, x, y;
};

class CublasLt final : public Peer {
 public:
  explicit CublasLt(const std::vector<std::string>& folders)
      : call_{SharedLibrary(kNames, folders)}, workspace_(allocate_device(kWorkspaceBytes, "cuBLASLt")) {
    check_cublas(call_.create(&handle_), "cublasLtCreate");
  }
  ~CublasLt() override { call_.destroy(handle_); }
  CublasLt(const CublasLt&) = delete;
  CublasLt& operator=(const CublasLt&) = delete;

  std::vector<Contender> ways(const Workload& workload) const override {
    std::vector<Contender> ways;
    const Problem& p = workload.problem();
    if (!is_comparable(p)) return ways;
    const std::optional<Epilogue> fused = fused_epilogue(p);
    if (fused) add_ways(workload, *fused, kAnyUnit, ways);
    if (!fused || fused->kind != CUBLASLT_EPILOGUE_DEFAULT) add_ways(workload, {}, kAnyUnit, ways);
    // f32 sums of f32 never touch tensor cores, so only the others have a second contender.
    if (p.dtype != DType::f32) add_ways(workload, {}, fma_only(), ways);
    return ways;
  }

 private:
  static constexpr std::uint64_t fma_only() {
    return ~std::uint64_t{CUBLASLT_NUMERICAL_IMPL_FLAGS_TENSOR_OP_MASK};
  }

  void add_ways(const Workload& workload, const Epilogue& epilogue, std::uint64_t units,
                std::vector<Contender>& ways) const {
    const Description description = describe(workload, epilogue.kind);
    const auto algorithms = algorithms_of(description, units);
    const bool has_pass = epilogue.kind == CUBLASLT_EPILOGUE_DEFAULT && needs_pass(workload.problem());
    for (std::size_t i = 0; i < algorithms.size(); ++i) {
      const auto enqueue = [this, &workload, description, algorithm = algorithms[i],
                            has_pass](Stream stream) {
        multiply(workload, description, algorithm, stream);
        if (has_pass) finish(stream, workload.y(), workload.wide_bias(), workload.problem().activation);
      };
      ways.push_back(
          {units == kAnyUnit ? "cublaslt" : kFmaOnly,
           fmt::format("cublasLtMatmul, {}, heuristic {} of {}", epilogue.name, i + 1, algorithms.size()),
           has_pass ? kPassIncludes : "the product with bias and f in its epilogue", enqueue});
    }
  }

  Description describe(const Workload& workload, cublasLtEpilogue_t epilogue) const {
    const Problem& p = workload.problem();
    Description made;
    made.operation = operation(p);
    set(call_.set_operation, made.operation, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
    set(call_.set_operation, made.operation, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
    if (epilogue != CUBLASLT_EPILOGUE_DEFAULT && p.has_bias) {
      set(call_.set_operation, made.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, workload.bias());
      if (p.groups > 1) {
        set(call_.set_operation, made.operation, CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, p.outputs);
      }
    }
    made.weight = layout(p, p.dtype, {p.inputs, p.outputs}, p.inputs * p.outputs);
    made.x = layout(p, p.dtype, {p.inputs, p.rows}, p.shared_x ? 0 : p.inputs * p.rows);
    made.y = layout(p, p.output_dtype, {p.outputs, p.rows}, p.outputs * p.rows);
    return made;
  }

  Handle<cublasLtMatmulDescOpaque_t> operation(const Problem& p) const {
    cublasLtMatmulDesc_t made = nullptr;
    check_cublas(call_.make_operation(&made, is_f64(p) ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F,
                                      is_f64(p) ? CUDA_R_64F : CUDA_R_32F),
                 "cublasLtMatmulDescCreate");
    return {made, call_.free_operation};
  }

  struct Size {
    std::int64_t height, columns;
  };

  Handle<cublasLtMatrixLayoutOpaque_t> layout(const Problem& p, DType dtype, const Size& size,
                                              std::int64_t between_groups) const {
    cublasLtMatrixLayout_t made = nullptr;
    check_cublas(call_.make_layout(&made, type_of(dtype), static_cast<std::uint64_t>(size.height),
                                   static_cast<std::uint64_t>(size.columns), size.height),
                 "cublasLtMatrixLayoutCreate");
    Handle<cublasLtMatrixLayoutOpaque_t> handle(made, call_.free_layout);
    set(call_.set_layout, handle, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, static_cast<std::int32_t>(p.groups));
    set(call_.set_layout, handle, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, between_groups);
    return handle;
  }

  template <class Setter, class T, class Name, class Value>
  static void set(Setter setter, const Handle<T>& object, Name name, const Value& value) {
    check_cublas(setter(object.get(), name, &value, sizeof value), "setting an attribute of cuBLASLt");
  }

  /// Best guess first; empty where the library has none.
  std::vector<cublasLtMatmulAlgo_t> algorithms_of(const Description& description, std::uint64_t units) const {
    cublasLtMatmulPreference_t made = nullptr;
    check_cublas(call_.make_preference(&made), "cublasLtMatmulPreferenceCreate");
    const Handle<cublasLtMatmulPreferenceOpaque_t> preference(made, call_.free_preference);
    set(call_.set_preference, preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
        static_cast<std::uint64_t>(kWorkspaceBytes));
    set(call_.set_preference, preference, CUBLASLT_MATMUL_PREF_IMPL_MASK, units);
    std::array<cublasLtMatmulHeuristicResult_t, kMostAlgorithms> found{};
    int count = 0;
    const cublasStatus_t status = call_.heuristics(
        handle_, description.operation.get(), description.weight.get(), description.x.get(),
        description.y.get(), description.y.get(), preference.get(), kMostAlgorithms, found.data(), &count);
    std::vector<cublasLtMatmulAlgo_t> algorithms;
    if (status != CUBLAS_STATUS_SUCCESS) return algorithms;
    for (const auto& result : std::span(found).first(static_cast<std::size_t>(count))) {
      if (result.state == CUBLAS_STATUS_SUCCESS) algorithms.push_back(result.algo);
    }
    return algorithms;
  }

  void multiply(const Workload& workload, const Description& description,
                const cublasLtMatmulAlgo_t& algorithm, Stream stream) const {
    const bool f64 = is_f64(workload.problem());
    void* y = workload.y().data;
    check_cublas(call_.matmul(handle_, description.operation.get(), kScales.one(f64), workload.weight(),
                              description.weight.get(), workload.x().data, description.x.get(),
                              kScales.zero(f64), y, description.y.get(), y, description.y.get(), &algorithm,
                              workspace_.get(), kWorkspaceBytes, stream),
                 "cublasLtMatmul");
  }

  Functions call_;
  DeviceMemory workspace_;
  cublasLtHandle_t handle_ = nullptr;
};

}  // namespace

std::unique_ptr<Peer> load_cublas_lt(const std::vector<std::string>& folders) {
  return std::make_unique<CublasLt>(folders);
}

}  // namespace perceptron::bench::gpu
