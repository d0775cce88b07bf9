// ONNX Runtime: a model of one Gemm and its activation, which its optimizer fuses, on its CPU provider. The
// ways are the two orders of the weights. The library is looked for when the module is loaded, and no header
// is needed: its C interface is one table of functions whose places are promised to stay
// (onnxruntime_c_api.h).
#include <dlfcn.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/peers/module.hpp"
#include "bench/peers/onnx_model.hpp"

namespace perceptron::bench {
namespace {

struct OrtStatus;
struct OrtEnv;
struct OrtSession;
struct OrtSessionOptions;
struct OrtMemoryInfo;
struct OrtValue;

/// The functions that are called here, at their places in OrtApi, with the names that they have there.
struct OrtApi {
  void* from_0[2];
  const char* (*GetErrorMessage)(const OrtStatus*);
  OrtStatus* (*CreateEnv)(int log_level, const char* log_name, OrtEnv**);
  void* from_4[4];
  OrtStatus* (*CreateSessionFromArray)(const OrtEnv*, const void* model, std::size_t bytes,
                                       const OrtSessionOptions*, OrtSession**);
  OrtStatus* (*Run)(OrtSession*, const void* options, const char* const* input_names,
                    const OrtValue* const* inputs, std::size_t input_count, const char* const* output_names,
                    std::size_t output_count, OrtValue** outputs);
  OrtStatus* (*CreateSessionOptions)(OrtSessionOptions**);
  void* from_11[13];
  OrtStatus* (*SetIntraOpNumThreads)(OrtSessionOptions*, int threads);
  void* from_25[24];
  OrtStatus* (*CreateTensorWithDataAsOrtValue)(const OrtMemoryInfo*, void* data, std::size_t bytes,
                                               const std::int64_t* sizes, std::size_t rank, int element_type,
                                               OrtValue**);
  void* from_50[19];
  OrtStatus* (*CreateCpuMemoryInfo)(int allocator_type, int memory_type, OrtMemoryInfo**);
  void* from_70[23];
  void (*ReleaseStatus)(OrtStatus*);
  void (*ReleaseMemoryInfo)(OrtMemoryInfo*);
  void (*ReleaseSession)(OrtSession*);
  void (*ReleaseValue)(OrtValue*);
  void* from_97[3];
  void (*ReleaseSessionOptions)(OrtSessionOptions*);
};
static_assert(offsetof(OrtApi, ReleaseSessionOptions) == 100 * sizeof(void*));

struct OrtApiBase {
  const OrtApi* (*GetApi)(std::uint32_t version);
  const char* (*GetVersionString)();
};

constexpr std::uint32_t kApiVersion = 1;  // The first has everything that is called here.
constexpr int kLogErrors = 3, kFloat = 1, kDeviceAllocator = 0, kDefaultMemory = 0;
constexpr const char* kPathVariable = "PERCEPTRON_ONNXRUNTIME";

struct Loaded {
  const OrtApi* api = nullptr;
  std::string reason;  ///< Why there is none.
};

/// The table of the library that $PERCEPTRON_ONNXRUNTIME names, else of the one that the system finds. It
/// stays loaded.
Loaded load() {
  const char* path = std::getenv(kPathVariable);
  if (path == nullptr || *path == '\0') path = "libonnxruntime.so.1";
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void* entry = library == nullptr ? nullptr : dlsym(library, "OrtGetApiBase");
  if (entry == nullptr) return {nullptr, dlerror()};
  const OrtApi* api = reinterpret_cast<const OrtApiBase* (*)()>(entry)()->GetApi(kApiVersion);
  return {api, api == nullptr ? "its library has no version 1 of the interface" : ""};
}

const Loaded& loaded() {
  static const Loaded loaded = load();
  return loaded;
}

const OrtApi& api() { return *loaded().api; }

void check(OrtStatus* status) {
  if (status == nullptr) return;
  const std::string message = api().GetErrorMessage(status);
  api().ReleaseStatus(status);
  throw std::runtime_error("onnxruntime: " + message);
}

template <auto kRelease>
struct Release {
  template <class Object>
  void operator()(Object* object) const {
    (api().*kRelease)(object);
  }
};
using Session = std::unique_ptr<OrtSession, Release<&OrtApi::ReleaseSession>>;
using SessionOptions = std::unique_ptr<OrtSessionOptions, Release<&OrtApi::ReleaseSessionOptions>>;
using MemoryInfo = std::unique_ptr<OrtMemoryInfo, Release<&OrtApi::ReleaseMemoryInfo>>;
using Value = std::unique_ptr<OrtValue, Release<&OrtApi::ReleaseValue>>;

/// Handle(what function(arguments…, &it) makes).
template <class Handle, class Function, class... Arguments>
Handle make(Function function, Arguments... arguments) {
  typename Handle::pointer object = nullptr;
  check(function(arguments..., &object));
  return Handle(object);
}

const OrtEnv* environment() {
  static OrtEnv* const environment = [] {
    OrtEnv* result = nullptr;
    check(api().CreateEnv(kLogErrors, "perceptron", &result));
    return result;
  }();
  return environment;
}

Session session_of(const std::string& model, int threads) {
  const auto options = make<SessionOptions>(api().CreateSessionOptions);
  check(api().SetIntraOpNumThreads(options.get(), threads));
  return make<Session>(api().CreateSessionFromArray, environment(), model.data(), model.size(),
                       options.get());
}

Value tensor(const float* data, std::int64_t rows, std::int64_t columns) {
  static const auto memory = make<MemoryInfo>(api().CreateCpuMemoryInfo, kDeviceAllocator, kDefaultMemory);
  const std::array sizes{rows, columns};
  return make<Value>(api().CreateTensorWithDataAsOrtValue, memory.get(), const_cast<float*>(data),
                     static_cast<std::size_t>(rows * columns) * sizeof(float), sizes.data(), sizes.size(),
                     kFloat);
}

class OnnxRuntime : public Contender {
 public:
  OnnxRuntime(const Task& task, const float* weight, WeightOrder order)
      : order_(order),
        session_(session_of(onnx_model(task.problem, weight, task.bias_of<float>(0), order), task.threads)) {
    const Problem& p = task.problem;
    for (std::size_t set = 0; set < task.sets.size(); ++set) {
      x_.push_back(tensor(task.x_of<float>(set, 0), p.rows, p.inputs));
      y_.push_back(tensor(task.y_of<float>(set, 0), p.rows, p.outputs));
    }
  }

  std::string name() const override { return "onnxruntime"; }
  std::string way() const override {
    return order_ == WeightOrder::outputs_by_inputs ? "weights as given" : "weights transposed";
  }

  void run(std::size_t set) override {
    static constexpr std::array kInputs{"x"}, kOutputs{"y"};
    const std::array<const OrtValue*, 1> inputs{x_[set].get()};
    std::array outputs{y_[set].get()};
    check(api().Run(session_.get(), nullptr, kInputs.data(), inputs.data(), 1, kOutputs.data(), 1,
                    outputs.data()));
  }

 private:
  WeightOrder order_;
  Session session_;
  std::vector<Value> x_, y_;  ///< Of each set, over the task's own memory.
};

Contenders ways_of(const Task& task) {
  const Problem& p = task.problem;
  Contenders ways;
  if (!can_be_onnx_model(p)) return ways;
  ways.push_back(
      std::make_unique<OnnxRuntime>(task, task.weight_of<float>(0), WeightOrder::outputs_by_inputs));
  std::vector<float> transposed(static_cast<std::size_t>(p.inputs * p.outputs));
  for (std::int64_t o = 0; o < p.outputs; ++o) {
    for (std::int64_t k = 0; k < p.inputs; ++k) {
      transposed[static_cast<std::size_t>(k * p.outputs + o)] = task.weight_of<float>(0)[o * p.inputs + k];
    }
  }
  ways.push_back(std::make_unique<OnnxRuntime>(task, transposed.data(), WeightOrder::inputs_by_outputs));
  return ways;
}

std::string missing() {
  if (loaded().api != nullptr) return {};
  return loaded().reason + "; install ONNX Runtime and name its libonnxruntime.so in " + kPathVariable +
         " (the wheel `onnxruntime` of PyPI has it, and so has Debian 13's libonnxruntime-dev)";
}

}  // namespace
}  // namespace perceptron::bench

const perceptron::bench::PeerModule perceptron_peer{.ways = &perceptron::bench::ways_of,
                                                    .missing = &perceptron::bench::missing};
